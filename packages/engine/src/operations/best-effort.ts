/**
 * Work whose failure must not become the answer of an operation: what follows the commit, for the operation is done by
 * then, and what tidies up after a failure, for that has a reason of its own.
 */
import { pause } from '@outboard/async';
import type { StopOptions } from '../supervise/supervisor.ts';
import type { EngineContext } from './engine-context.ts';

/**
 * Do it; a failure is logged.
 * @param action what is tried, such as `delete what is left of a removed plugin`
 */
export async function bestEffort(
  { logger }: Pick<EngineContext, 'logger'>,
  action: string,
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    logger.error({ err: error }, `cannot ${action}`);
  }
}

/** Where a plugin is stopped whatever happens. */
export type StopContext = Pick<EngineContext, 'logger' | 'supervisor' | 'store' | 'queue' | 'inBackground'>;

const maxPauseMs = 60_000;

/**
 * Stop a plugin that must not run, whatever happens. A failure is logged, and tried again in the background, with pauses
 * that grow from one second to a minute, until nothing of the plugin is left, it is enabled again, or the engine is
 * closed: the next one goes on with it then.
 */
export async function stopForGood(
  context: StopContext,
  id: string,
  options: StopOptions = {},
): Promise<void> {
  if (await triesToStop(context, id, options)) return;
  context.inBackground(async (signal) => {
    for (let pauseMs = 1_000; ; pauseMs = Math.min(2 * pauseMs, maxPauseMs)) {
      await pause(pauseMs, signal);
      if (signal.aborted) return;
      if (await context.queue.run(id, () => triesToStop(context, id, options), signal)) return;
    }
  });
}

/** @returns whether there is nothing more to do */
async function triesToStop(context: StopContext, id: string, options: StopOptions): Promise<boolean> {
  // An enable that could not be saved, or a disable that was: the record says what is wanted.
  if (context.store.get(id)?.enabled === true) return true;
  try {
    await context.supervisor.stop(id, options);
    return true;
  } catch (error) {
    context.logger.error({ err: error, id }, 'cannot stop a plugin that is disabled: it is tried again');
    return false;
  }
}
