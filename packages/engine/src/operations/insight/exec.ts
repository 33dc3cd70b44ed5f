/**
 * Exec: run a command in the container of a running plugin.
 */

import { type Cancellable, withResolvers } from '@outboard/async';
import type { ExecRequest, ExecSession } from '@outboard/container';
import type { EngineContext } from '../engine-context.ts';
import { requireRunning } from './require-running.ts';

/**
 * Start a command; resolves when it runs. The end of the engine ends it.
 * @param options.signal ends the command, at any time
 * @throws {OutboardError} not-found; conflict when the plugin does not run; as `RunningContainers.exec`
 */
export function execInPlugin(
  context: Pick<EngineContext, 'store' | 'supervisor' | 'containers' | 'scope'>,
  plugin: string,
  request: ExecRequest,
  options: Cancellable = {},
): Promise<ExecSession> {
  const started = withResolvers<ExecSession>();
  context.scope
    .run(async (signal) => {
      const id = requireRunning(context, plugin);
      const session = await context.containers.exec(id, request, signal);
      started.resolve(session);
      await session.ended;
    }, options.signal)
    // `ended` never rejects, so that every rejection is a failure to start.
    .catch(started.reject);
  return started.promise;
}
