/**
 * Exec: run a command in the container of a plugin that runs.
 */

import { mapBounded, type OperationScope } from '@outboard/async';
import type { ExecRequest, ExecSession } from '@outboard/container';
import { hasProcess } from '../supervise/supervisor.ts';
import type { EngineContext } from './engine-context.ts';
import { requireRunning } from './require-running.ts';

/**
 * Start a command and return when it runs. It ends with the scope.
 * @param options.signal ends it, at any time
 * @throws {OutboardError} not-found; conflict when the plugin does not run; what `RunningContainers.exec` throws
 */
export function execInPlugin(
  context: Pick<EngineContext, 'store' | 'supervisor' | 'containers'>,
  scope: OperationScope,
  plugin: string,
  request: ExecRequest,
  options: { readonly signal?: AbortSignal } = {},
): Promise<ExecSession> {
  return new Promise((resolve, reject) => {
    scope
      .run(async (signal) => {
        const id = requireRunning(context, plugin);
        const session = await context.containers.exec(id, request, signal);
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
  containers,
}: Pick<EngineContext, 'store' | 'supervisor' | 'containers'>): Promise<readonly OrphanedExec[]> {
  const running = store.all().filter(({ id }) => hasProcess(supervisor.state(id)));
  const found = await mapBounded(running, async ({ id }) => {
    const names = await containers.execNames(id);
    return names.map((name) => ({ id, name }));
  });
  return found.flat();
}

/** End them: nobody reads their output any more. Never rejects. */
export async function endOrphanedExecs(
  { containers, logger }: Pick<EngineContext, 'containers' | 'logger'>,
  commands: readonly OrphanedExec[],
): Promise<void> {
  for (const { id, name } of commands) {
    try {
      await containers.removeExec(id, name);
    } catch (error) {
      logger.error({ err: error, id }, 'cannot end a command that was left in a plugin');
    }
  }
}
