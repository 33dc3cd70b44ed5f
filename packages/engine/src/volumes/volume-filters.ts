/**
 * Filters of volumes. As in Docker, values of one key are alternatives, but labels must all match.
 * @see moby api/types/filters, Args.Match and Args.MatchKVList
 */
import type { PruneVolumesRequest, TextMap, Volume, VolumeFilters } from './volumes.ts';

/** True if the volume matches every given filter. @param isUsed tells if a volume has mounts */
export function passesFilters(
  volume: Volume,
  filters: VolumeFilters,
  isUsed: (volume: Volume) => boolean,
): boolean {
  const { dangling, names = [], drivers = [], labels = [] } = filters;
  return (
    (names.length === 0 || names.some((pattern) => pattern.test(volume.name))) &&
    (drivers.length === 0 || drivers.includes(volume.driver)) &&
    hasLabels(volume.labels, labels) &&
    (dangling === undefined || isUsed(volume) !== dangling)
  );
}

/** True if the label filters allow `prune` to remove a volume. */
export function mayBePruned(
  labels: TextMap | undefined,
  request: Pick<PruneVolumesRequest, 'labels' | 'excludedLabels'>,
): boolean {
  const { excludedLabels = [] } = request;
  const isExcluded = excludedLabels.length > 0 && hasLabels(labels, excludedLabels);
  return hasLabels(labels, request.labels ?? []) && !isExcluded;
}

/** @param wanted each `KEY` or `KEY=VALUE` */
function hasLabels(labels: TextMap | undefined, wanted: readonly string[]): boolean {
  return wanted.every((text) => {
    const split = text.indexOf('=');
    if (split === -1) return labels?.has(text) ?? false;
    return labels?.get(text.slice(0, split)) === text.slice(split + 1);
  });
}
