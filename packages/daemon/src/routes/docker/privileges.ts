/**
 * `GET /plugins/privileges`
 */
import { type PluginEngine, toPrivilegeDocument } from '@outboard/engine';
import { readRemoteOptions } from '../../http/remote-options.ts';
import { jsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

/**
 * Returns the privileges that a plugin requires. A failed look-up is an error; Docker returns an empty list, which users then
 * accept. A plugin without privileges has `[]`; Docker returns `null`, which docker-py and dockerode cannot send back.
 */
export function privilegesRoute(engine: Pick<PluginEngine, 'privileges'>): Route {
  return {
    method: 'GET',
    path: '/plugins/privileges',
    async handle({ query, headers, signal }) {
      const options = readRemoteOptions(query, headers);
      const privileges = await engine.privileges(query.get('remote') ?? '', { ...options, signal });
      return jsonReply(200, privileges.map(toPrivilegeDocument));
    },
  };
}
