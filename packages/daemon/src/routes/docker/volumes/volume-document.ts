/**
 * Volumes in Docker's form.
 * @see Docker Engine API v1.51, Volume
 */
import type { TextMap, Volume } from '@outboard/engine';

/** Go's zero time, which Docker returns for an unknown time. */
const unknownTime = '0001-01-01T00:00:00Z';

/** Convert a volume. */
export function toVolumeDocument(volume: Volume): object {
  return {
    CreatedAt: volume.createdAt === undefined ? unknownTime : toSeconds(volume.createdAt),
    Driver: volume.driver,
    Labels: toObject(volume.labels),
    Mountpoint: volume.mountpoint,
    Name: volume.name,
    Options: toObject(volume.options),
    Scope: volume.scope,
    Status: volume.status,
  };
}

/** As in Docker, without fractions of a second. */
function toSeconds(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}

function toObject(map: TextMap | undefined): object | null {
  return map === undefined ? null : Object.fromEntries(map);
}
