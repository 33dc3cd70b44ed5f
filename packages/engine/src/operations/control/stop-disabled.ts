/**
 * Stops a plugin that is disabled, if need be in the background until it is done.
 */
import { pause } from '@outboard/async';
import type { StopOptions } from '../../supervise/supervisor.ts';
import type { EngineContext } from '../engine-context.ts';

/** Parts that stopping takes. */
export type StopContext = Pick<EngineContext, 'logger' | 'supervisor' | 'store' | 'queue' | 'inBackground'>;

const firstPauseMs = 1_000;
const maxPauseMs = 60_000;

/**
 * Stop a plugin whose record says disabled. Never rejects: a failure is logged, and the stop is repeated in the
 * background, with pauses from one second to one minute, until it succeeds, the plugin is enabled again or the engine
 * is closed. The next engine goes on with it.
 */
export async function stopDisabled(
  context: StopContext,
  id: string,
  options: StopOptions = {},
): Promise<void> {
  if (await tryStop(context, id, options)) return;
  context.inBackground(async (signal) => {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, maxPauseMs)) {
      await pause(pauseMs, signal);
      if (signal.aborted) return;
      if (await context.queue.run(id, () => tryStop(context, id, options), signal)) return;
    }
  });
}

/** @returns true when nothing is left to stop */
async function tryStop(context: StopContext, id: string, options: StopOptions): Promise<boolean> {
  // An enable whose record could not be saved, or a later enable: the record decides.
  if (context.store.get(id)?.enabled === true) return true;
  try {
    await context.supervisor.stop(id, options);
    return true;
  } catch (error) {
    context.logger.error({ err: error, id }, 'cannot stop a plugin that is disabled: it is tried again');
    return false;
  }
}
