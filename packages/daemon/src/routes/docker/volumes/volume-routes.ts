/**
 * The routes of volumes.
 */
import type { Volumes } from '@outboard/engine';
import type { Route } from '../../../http/route-table.ts';
import { createVolumeRoute } from './create-volume.ts';
import { inspectVolumeRoute } from './inspect-volume.ts';
import { listVolumesRoute } from './list-volumes.ts';
import { pruneVolumesRoute } from './prune-volumes.ts';
import { removeVolumeRoute } from './remove-volume.ts';

/** One route for each method of `Volumes` that Docker has. */
export function volumeRoutes(volumes: Volumes): readonly Route[] {
  return [
    listVolumesRoute(volumes),
    createVolumeRoute(volumes),
    pruneVolumesRoute(volumes),
    inspectVolumeRoute(volumes),
    removeVolumeRoute(volumes),
  ];
}
