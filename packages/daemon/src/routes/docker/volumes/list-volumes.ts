/**
 * `GET /volumes`
 */
import type { Volume, Volumes } from '@outboard/engine';
import { encodeJson, encodeJsonBytes } from '../../../http/json.ts';
import { encodeJsonList } from '../../../http/json-list.ts';
import { encodedJsonReply } from '../../../http/reply.ts';
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
      const encode = (volume: Volume) => encodeJsonBytes(toVolumeDocument(volume));
      const warnings = encodeJson(list.warnings.length === 0 ? null : list.warnings);
      const surroundings = { before: '{"Volumes":', after: `,"Warnings":${warnings}}` };
      return encodedJsonReply(200, await encodeJsonList(list.volumes, encode, surroundings));
    },
  };
}
