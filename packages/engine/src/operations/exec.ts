/**
 * Exec: run a command in the container of a plugin that runs.
 */

import { join } from 'node:path';
import { mapBounded, type OperationScope } from '@outboard/async';
import {
  containerEndedError,
  type ExecRequest,
  type ExecSession,
  findRun,
  listExecDirectories,
  removeExec,
} from '@outboard/container';
import { hasProcess } from '../supervise/supervisor.ts';
import type { EngineContext } from './engine-context.ts';
import { requireRunning } from './require-running.ts';

/**
 * Start a command and return when it runs. It ends with the scope.
 * @param options.signal ends it, at any time
 * @throws {OutboardError} not-found; conflict when the plugin does not run; what `startExec` throws
 */
export function execInPlugin(
  context: Pick<EngineContext, 'store' | 'supervisor' | 'places' | 'logger'>,
  scope: OperationScope,
  plugin: string,
  request: ExecRequest,
  options: { readonly signal?: AbortSignal } = {},
): Promise<ExecSession> {
  return new Promise((resolve, reject) => {
    scope
      .run(async (signal) => {
        const id = requireRunning(context, plugin);
        // What it takes of libc is of no use to a program that never runs a command.
        const { startExec } = await import('@outboard/container/exec');
        const run = await findRun(context.places, id);
        if (run === undefined) throw containerEndedError();
        const session = await startExec(context, { id, ...run }, request, signal);
        resolve(session);
        await session.ended;
      }, options.signal)
      // Once it has started it never fails.
      .catch(reject);
  });
}

/** A command that an engine left which was killed. */
export interface OrphanedExec {
  readonly id: string;
  readonly name: string;
}

/** The commands that were left in plugins that run. */
export async function findOrphanedExecs({
  store,
  supervisor,
  places,
}: Pick<EngineContext, 'store' | 'supervisor' | 'places'>): Promise<readonly OrphanedExec[]> {
  const running = store.all().filter(({ id }) => hasProcess(supervisor.state(id)));
  const found = await mapBounded(running, async ({ id }) => {
    const names = await listExecDirectories(places.bundle(id).directory);
    return names.map((name) => ({ id, name }));
  });
  return found.flat();
}

/** End them: nobody reads their output any more. Never rejects. */
export async function endOrphanedExecs(
  { places, logger }: Pick<EngineContext, 'places' | 'logger'>,
  commands: readonly OrphanedExec[],
): Promise<void> {
  for (const { id, name } of commands) {
    try {
      const run = await findRun(places, id);
      // With its container every command in it has ended, and the bundle goes with it.
      if (run !== undefined) await removeExec(run.cgroupPath, join(places.bundle(id).directory, name));
    } catch (error) {
      logger.error({ err: error, id }, 'cannot end a command that was left in a plugin');
    }
  }
}
