/**
 * Forget the versions that roll-backs could return to.
 */
import { readTreeSize } from '@outboard/container';
import { settleUpgrade } from '../../store/upgrade-journal.ts';
import { bestEffort } from '../best-effort.ts';
import type { EngineContext } from '../engine-context.ts';

/** Trees that were deleted. */
export interface ForgottenVersions {
  readonly versions: number;
  /** Space of their root filesystems; their blobs are collected apart. */
  readonly bytes: number;
}

/**
 * Forget the version before of every plugin. The record is the commit; a tree that cannot be deleted then is logged, and the
 * next start deletes it.
 */
export async function forgetPreviousVersions(
  context: Pick<EngineContext, 'store' | 'queue' | 'logger'>,
): Promise<ForgottenVersions> {
  let [versions, bytes] = [0, 0];
  for (const { id, previous } of context.store.all()) {
    if (previous === undefined) continue;
    await context.queue.run(id, async () => {
      const record = context.store.get(id);
      // Removed, or forgotten, while this waited for its turn.
      if (record?.previous === undefined) return;
      const { previous: _, ...kept } = record;
      const paths = context.store.paths(id);
      const size = await readTreeSize(paths.previousRootfs).catch(() => 0);
      await context.store.save(kept);
      if (context.store.mayBeUndone) return;
      await bestEffort(context, 'delete the version before of a plugin', () => settleUpgrade(paths, kept));
      versions += 1;
      bytes += size;
    });
  }
  return { versions, bytes };
}
