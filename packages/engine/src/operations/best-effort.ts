/**
 * Work whose failure must not become the answer of an operation: what follows the commit, for the operation is done by
 * then, and what tidies up after a failure, for that has a reason of its own.
 */
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

/**
 * Stop a plugin that must not run, whatever happens. A failure is tried again once, for most pass: what is left then is
 * removed before the plugin's next start, by its removal, or at the next start of the engine.
 */
export async function stopForGood(
  context: Pick<EngineContext, 'logger' | 'supervisor'>,
  id: string,
  options: { readonly graceMs?: number } = {},
): Promise<void> {
  try {
    await context.supervisor.stop(id, options);
  } catch (error) {
    context.logger.warn({ err: error, id }, 'cannot stop a plugin: trying once more');
    await bestEffort(context, 'stop a plugin', () => context.supervisor.stop(id, options));
  }
}
