/**
 * `DELETE /volumes/{name}`
 */
import type { Volumes } from '@outboard/engine';
import { isTrue } from '../../../http/parameters.ts';
import { emptyReply } from '../../../http/reply.ts';
import type { Route } from '../../../http/route-table.ts';

/** Removes a volume; with `force` a missing volume is no error. */
export function removeVolumeRoute(volumes: Pick<Volumes, 'remove'>): Route {
  return {
    method: 'DELETE',
    path: '/volumes/{name}',
    async handle({ name, query, signal }) {
      await volumes.remove(name, { force: isTrue(query.get('force')), signal });
      return emptyReply(204);
    },
  };
}
