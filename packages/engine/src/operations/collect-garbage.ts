/**
 * Collect garbage: delete content that no plugin and no running operation uses.
 */
import type { CollectedGarbage } from '../plugin-engine-contract.ts';
import { bestEffort } from './best-effort.ts';
import type { EngineContext } from './engine-context.ts';

/**
 * Delete unreferenced blobs. Manifests count as referenced, so a pulled plugin can be pushed again as it was.
 * Safe at any time: what an operation under way needs is leased.
 */
export async function collectGarbage(
  context: Pick<EngineContext, 'store' | 'content'>,
): Promise<CollectedGarbage> {
  // Asked anew for each blob: a pull that ends during the sweep lets go of its lease only after its record counts.
  const removed = await context.content.sweep((digest) => context.store.isReferenced(digest));
  return { blobs: removed.length, bytes: removed.reduce((sum, { size }) => sum + size, 0) };
}

/**
 * Do work that stores content. When it fails, what it stored is collected: nothing refers to it.
 * @throws the error of the work; that of the collection is only logged
 */
export async function collectGarbageOnFailure<Result>(
  context: Pick<EngineContext, 'store' | 'content' | 'logger'>,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    await bestEffort(context, 'collect what a failed operation stored', () => collectGarbage(context));
    throw error;
  }
}
