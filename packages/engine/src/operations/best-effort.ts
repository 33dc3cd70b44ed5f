/**
 * Work whose failure does not fail the operation: after the commit, when the operation has succeeded, and in clean-up
 * after a failure, which must not hide the first error.
 */
import type { EngineContext } from './engine-context.ts';

/**
 * Run the work; log its failure.
 * @param action completes "cannot …", such as `delete the directory of a removed plugin`
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
