/**
 * Orphaned execs: commands in running plugins whose engine was killed. Their output has no reader any more.
 */
import { mapBounded } from '@outboard/async';
import { hasProcess } from '../../supervise/supervisor.ts';
import type { EngineContext } from '../engine-context.ts';

/** A command of an earlier engine. */
export interface OrphanedExec {
  /** The plugin's ID. */
  readonly id: string;
  /** Name of its directory in the bundle. */
  readonly name: string;
}

/** Find the orphaned execs of running plugins. Called before the engine accepts commands of its own. */
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

/** Kill and remove them. Never rejects. */
export async function endOrphanedExecs(
  { containers, logger }: Pick<EngineContext, 'containers' | 'logger'>,
  execs: readonly OrphanedExec[],
): Promise<void> {
  for (const { id, name } of execs) {
    try {
      await containers.removeExec(id, name);
    } catch (error) {
      logger.error({ err: error, id }, 'cannot end an orphaned exec');
    }
  }
}
