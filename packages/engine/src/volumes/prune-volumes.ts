/**
 * Prune: remove volumes that nobody uses. Only those that were created here are taken: a driver may list all volumes of
 * a storage system, and other hosts' data is not ours to delete. Named ones are taken only when that is asked for.
 */
import { isOutboardError, OutboardError } from '@outboard/oci';
import { anonymousLabel } from './create-volume.ts';
import { removeVolume } from './remove-volume.ts';
import type { VolumeContext } from './volume-context.ts';
import { mayBePruned } from './volume-filters.ts';
import type { VolumeRecord } from './volume-record.ts';
import type { PruneVolumesRequest } from './volumes.ts';

/** @see Volumes.prune; one at a time is the caller's care */
export async function pruneVolumes(
  context: VolumeContext,
  request: PruneVolumesRequest,
): Promise<readonly string[]> {
  const { all = false, signal } = request;
  const isChosen = ({ labels }: VolumeRecord) =>
    (all || labels?.has(anonymousLabel) === true) && mayBePruned(labels, request);
  const outcomes = await Promise.allSettled(
    context.store.drivers().map((driver) => pruneDriver(context, { driver, isChosen }, signal)),
  );
  signal?.throwIfAborted();
  const removed = outcomes.flatMap((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
  const attributes = { reclaimed: '0' }; // no driver tells the size of a volume
  context.announce({ type: 'volume', action: 'prune', id: '', attributes });
  return removed.sort();
}

/** One after another, so that a driver is not flooded; the drivers go at the same time, so that none waits for another. */
async function pruneDriver(
  context: VolumeContext,
  { driver, isChosen }: { readonly driver: string; readonly isChosen: (record: VolumeRecord) => boolean },
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const removed: string[] = [];
  const mounts = context.mounts.of(driver);
  for (const record of context.store.ofDriver(driver).filter(isChosen)) {
    if (mounts.idsOf(record.name).length > 0) continue;
    const options = { chosen: record, ...(signal === undefined ? {} : { signal }) };
    try {
      if (await removeVolume(context, record.name, options)) removed.push(record.name);
    } catch (error) {
      if (!isOutboardError(error)) throw error;
      context.logger.warn({ err: error, volume: record.name }, 'volume not pruned');
      // Nor will it answer for the next one, and each would take a minute.
      if (error.kind === 'unavailable') break;
    }
  }
  return removed;
}

/** Lets one prune run at a time, as Docker does. */
export function oneAtATime<Request, Result>(
  prune: (request: Request) => Promise<Result>,
): (request: Request) => Promise<Result> {
  let isRunning = false;
  return async (request) => {
    if (isRunning) throw new OutboardError('conflict', 'a prune operation is already running');
    isRunning = true;
    try {
      return await prune(request);
    } finally {
      isRunning = false;
    }
  };
}
