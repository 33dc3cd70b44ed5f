/**
 * Collect garbage: delete content that no plugin and no running operation uses.
 */
import { type ExpectedContent, OutboardError, type RemovedIngests } from '@outboard/oci';
import type { PluginRecord } from '../../config/plugin-config.ts';
import { blobsOf } from '../../store/plugin-index.ts';
import { bestEffort } from '../best-effort.ts';
import type { EngineContext } from '../engine-context.ts';
import { type ForgottenVersions, forgetPreviousVersions } from './forget-previous.ts';

/** Result of a collection. */
export interface CollectedGarbage {
  readonly blobs: number;
  readonly bytes: number;
  /** Interrupted downloads that were removed, because they are old or all were asked for; absent when there were none. */
  readonly downloads?: RemovedIngests | undefined;
  /** Unreferenced content that the repair of damaged plugins may need; absent when no plugin is damaged. */
  readonly kept?: { readonly blobs: number; readonly bytes: number } | undefined;
  /** Versions that roll-backs could return to, and the space of their trees; absent unless they were asked for. */
  readonly forgotten?: ForgottenVersions | undefined;
}

/** Options of a collection. */
export interface GarbageOptions {
  /** Also forget the versions that roll-backs could return to, and downloads that could be continued; default false. */
  readonly all?: boolean | undefined;
}

type GarbageContext = Pick<EngineContext, 'store' | 'content'>;

/**
 * Delete unreferenced blobs, and old interrupted downloads. Manifests count as referenced, so that a pulled plugin can be pushed again unchanged.
 * Safe at any time: running operations hold leases on the content that they need. Nothing is deleted when a power cut may
 * undo a change of a record, because the record before it needs its content; the next start deletes it.
 */
export async function collectGarbage(
  { store, content }: GarbageContext,
  { all = false }: GarbageOptions = {},
): Promise<CollectedGarbage> {
  if (store.mayBeUndone) return { blobs: 0, bytes: 0 };
  // Evaluated anew for each blob: a pull that ends during the sweep releases its lease only after its record is saved.
  const removed = await content.sweep((digest) => store.isReferenced(digest));
  const downloads = await content.sweepIngests({ all });
  const total = {
    blobs: removed.length,
    bytes: sumOf(removed),
    ...(downloads.count > 0 && { downloads }),
  };
  if (store.damaged().length === 0) return total;
  const kept: ExpectedContent[] = [];
  for await (const blob of content.walk()) if (store.isKeptForDamaged(blob.digest)) kept.push(blob);
  return { ...total, kept: { blobs: kept.length, bytes: sumOf(kept) } };
}

/**
 * Delete the blobs of a removed plugin that nothing else uses. It takes no longer with more plugins.
 * @see `collectGarbage`, for what is kept
 */
export async function collectContentOf(
  { store, content }: GarbageContext,
  removed: PluginRecord,
): Promise<void> {
  if (!store.mayBeUndone) await content.sweep((digest) => store.isReferenced(digest), blobsOf(removed));
}

/**
 * Collect at the request of an operator.
 * @throws {OutboardError} system when nothing may be deleted, because a power cut may undo a change of a record
 */
export async function collectOnRequest(
  context: GarbageContext & Parameters<typeof forgetPreviousVersions>[0],
  { all = false }: GarbageOptions = {},
): Promise<CollectedGarbage> {
  if (context.store.mayBeUndone) {
    throw new OutboardError(
      'system',
      'cannot collect garbage: a change of a plugin could not be flushed to the disk, and what a power cut may bring back is kept; check the disk, then restart the daemon',
    );
  }
  const forgotten = all ? await forgetPreviousVersions(context) : undefined;
  const collected = await collectGarbage(context, { all });
  return forgotten === undefined ? collected : { ...collected, forgotten };
}

function sumOf(blobs: readonly ExpectedContent[]): number {
  return blobs.reduce((sum, { size }) => sum + size, 0);
}

/**
 * Run work that stores content, and collect what it stored when it fails.
 * @throws the error of the work; that of the collection is only logged
 */
export async function collectGarbageOnFailure<Result>(
  context: GarbageContext & Pick<EngineContext, 'logger'>,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    await bestEffort(context, 'collect the content of a failed operation', () => collectGarbage(context));
    throw error;
  }
}
