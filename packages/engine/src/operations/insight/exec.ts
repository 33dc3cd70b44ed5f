/**
 * Exec: run a command in the container of a running plugin, or beside it among the programs of the host.
 */

import { basename } from 'node:path';
import { type Cancellable, withResolvers } from '@outboard/async';
import type { DebugRequest, ExecRequest, ExecSession } from '@outboard/container';
import { isOutboardError, OutboardError } from '@outboard/oci';
import type { EngineContext } from '../engine-context.ts';
import { requireRunning } from './require-running.ts';

type ExecContext = Pick<EngineContext, 'store' | 'supervisor' | 'containers' | 'scope'>;

/** A command for `debugPlugin`; the root of the plugin is at `/plugin` there. */
export type PluginDebugRequest = Pick<DebugRequest, Exclude<keyof DebugRequest, 'rootName'>>;

/**
 * Start a command; resolves when it runs. The end of the engine ends it.
 * @param options.signal ends the command, at any time
 * @throws {OutboardError} not-found; conflict when the plugin does not run; as `RunningContainers.exec`
 */
export async function execInPlugin(
  context: ExecContext,
  plugin: string,
  request: ExecRequest,
  options: Cancellable = {},
): Promise<ExecSession> {
  try {
    return await start(
      context,
      plugin,
      (id, signal) => context.containers.exec(id, request, signal),
      options,
    );
  } catch (error) {
    if (!isOutboardError(error, 'invalid') || error.details?.isProgramMissing !== true) throw error;
    const { name } = context.store.find(plugin);
    const advice = adviseOnMissing(name, request);
    throw new OutboardError('invalid', `${error.message}; ${advice}`, { cause: error, code: error.code });
  }
}

/**
 * Start a command among the programs of the host, in the namespaces of a plugin but for its mounts; without a command a
 * shell.
 * @param options.signal ends the command, at any time
 * @throws {OutboardError} as `execInPlugin`
 */
export function debugPlugin(
  context: ExecContext,
  plugin: string,
  request: PluginDebugRequest,
  options: Cancellable = {},
): Promise<ExecSession> {
  const inside = { ...request, rootName: 'plugin' };
  return start(context, plugin, (id, signal) => context.containers.debug(id, inside, signal), options);
}

function start(
  context: ExecContext,
  plugin: string,
  run: (id: string, signal: AbortSignal) => Promise<ExecSession>,
  options: Cancellable,
): Promise<ExecSession> {
  const started = withResolvers<ExecSession>();
  context.scope
    .run(async (signal) => {
      const id = requireRunning(context, plugin);
      const session = await run(id, signal);
      started.resolve(session);
      await session.ended;
    }, options.signal)
    // `ended` never rejects, so that every rejection is a failure to start.
    .catch(started.reject);
  return started.promise;
}

/** The commands that work without programs of the plugin. */
function adviseOnMissing(name: string, { command, hasTools = false }: ExecRequest): string {
  const [first = ''] = command;
  const program = JSON.stringify(first);
  const debug = `outboard debug ${name}`;
  if (hasTools) {
    return `neither plugin ${name} nor the busybox of the host has ${program}; for the programs of the host, type: ${debug}`;
  }
  return `plugin ${name} has no program ${program}; to run it from the busybox of the host, type: outboard exec --tools ${name} ${basename(first)}; for a shell with the programs of the host, type: ${debug}`;
}
