/**
 * Collect garbage: delete content that no plugin and no running operation uses.
 */
import type { ExpectedContent } from '@outboard/oci';
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
  const { store } = context;
  const total = { blobs: removed.length, bytes: sumOf(removed) };
  if (store.damaged().length === 0) return total;
  const kept: ExpectedContent[] = [];
  for await (const blob of context.content.walk()) if (store.isKeptForDamaged(blob.digest)) kept.push(blob);
  return { ...total, kept: { blobs: kept.length, bytes: sumOf(kept) } };
}

function sumOf(blobs: readonly ExpectedContent[]): number {
  return blobs.reduce((sum, { size }) => sum + size, 0);
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
