/**
 * Prune: remove unused volumes. Only volumes that this engine created are removed: a driver may list all volumes of a storage
 * system, with the data of other hosts. Named volumes are removed only on request.
 */
import { isOutboardError, OutboardError } from '@outboard/oci';
import { anonymousLabel } from './create-volume.ts';
import { removeVolume } from './remove-volume.ts';
import type { VolumeContext } from './volume-context.ts';
import { mayBePruned } from './volume-filters.ts';
import type { VolumeRecord } from './volume-record.ts';
import type { PruneVolumesRequest } from './volumes.ts';

/** @see Volumes.prune; the caller allows one at a time */
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
  const attributes = { reclaimed: '0' }; // drivers do not report sizes
  context.announce({ type: 'volume', action: 'prune', id: '', attributes });
  return removed.sort();
}

/** Remove the volumes of one driver in sequence, to limit its load. Drivers are pruned in parallel, within bounds. */
async function pruneDriver(
  context: VolumeContext,
  { driver, isChosen }: { readonly driver: string; readonly isChosen: (record: VolumeRecord) => boolean },
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const record of context.store.ofDriver(driver).filter(isChosen)) {
    if (context.mounts.idsOf(driver, record.name).length > 0) continue;
    const options = { chosen: record, signal };
    try {
      const isRemoved = await context.surveyLimit.run(() => removeVolume(context, record.name, options), {
        signal,
      });
      if (isRemoved) removed.push(record.name);
    } catch (error) {
      if (!isOutboardError(error)) throw error;
      context.logger.warn({ err: error, volume: record.name }, 'volume not pruned');
      // The driver would not answer for the next volume either, and each call takes a minute to time out.
      if (error.kind === 'unavailable') break;
    }
  }
  return removed;
}

/** Refuse a prune while another one runs, as Docker does. */
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
