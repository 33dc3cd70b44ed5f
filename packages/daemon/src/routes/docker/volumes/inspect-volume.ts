/**
 * `GET /volumes/{name}`
 */
import type { Volumes } from '@outboard/engine';
import { jsonReply } from '../../../http/reply.ts';
import type { Route } from '../../../http/route-table.ts';
import { toVolumeDocument } from './volume-document.ts';

/** Describes a volume, with the status that its driver returns. */
export function inspectVolumeRoute(volumes: Pick<Volumes, 'inspect'>): Route {
  return {
    method: 'GET',
    path: '/volumes/{name}',
    async handle({ name, signal }) {
      return jsonReply(200, toVolumeDocument(await volumes.inspect(name, { signal })));
    },
  };
}
