/**
 * `GET /volumes`
 */
import type { Volumes } from '@outboard/engine';
import { jsonReply } from '../../../http/reply.ts';
import type { Route } from '../../../http/route-table.ts';
import { toVolumeDocument } from './volume-document.ts';
import { parseVolumeFilters } from './volume-filters.ts';

/** Lists volumes; drivers that fail are in the warnings. */
export function listVolumesRoute(volumes: Pick<Volumes, 'list'>): Route {
  return {
    method: 'GET',
    path: '/volumes',
    async handle({ query, signal }) {
      const list = await volumes.list(parseVolumeFilters(query.get('filters')), { signal });
      return jsonReply(200, {
        Volumes: list.volumes.map(toVolumeDocument),
        Warnings: list.warnings.length === 0 ? null : list.warnings,
      });
    },
  };
}
