/**
 * `POST /volumes/prune`
 */
import type { Volumes } from '@outboard/engine';
import { readParameters } from '../../../http/parameters.ts';
import { jsonReply } from '../../../http/reply.ts';
import type { Route } from '../../../http/route-table.ts';
import { parsePruneFilters } from './volume-filters.ts';

/** Removes unused volumes. */
export function pruneVolumesRoute(volumes: Pick<Volumes, 'prune'>): Route {
  return {
    method: 'POST',
    path: '/volumes/prune',
    async handle(exchange) {
      const parameters = await readParameters(exchange);
      const { signal } = exchange;
      const removed = await volumes.prune({ ...parsePruneFilters(parameters.get('filters')), signal });
      // The protocol of volume drivers has no size.
      return jsonReply(200, { VolumesDeleted: removed, SpaceReclaimed: 0 });
    },
  };
}
