/**
 * `GET /plugins/privileges`
 */
import { type PluginEngine, toPrivilegeDocument } from '@outboard/engine';
import { readRegistryAccess } from '../../http/registry-access.ts';
import { jsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

/**
 * A failure to find out is an error, where Docker answers an empty list that a user then agrees to. A plugin that asks
 * for nothing is `[]`, where Docker answers `null`, which docker-py and dockerode cannot send back.
 */
export function privilegesRoute(engine: Pick<PluginEngine, 'privileges'>): Route {
  return {
    method: 'GET',
    path: '/plugins/privileges',
    async handle({ query, headers, signal }) {
      const access = readRegistryAccess(headers);
      const privileges = await engine.privileges(query.get('remote') ?? '', { access, signal });
      return jsonReply(200, privileges.map(toPrivilegeDocument));
    },
  };
}
