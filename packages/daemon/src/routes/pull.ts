/**
 * `POST /plugins/pull`
 */
import { type PluginEngine, parsePrivileges } from '@outboard/engine';
import { progressReply } from '../http/progress-stream.ts';
import { readRegistryAccess } from '../http/registry-access.ts';
import type { Route } from '../http/route-table.ts';

/** Clients take the plugin's name for what follows (set, enable) from the header, so it is there before all else. */
export function pullRoute(engine: Pick<PluginEngine, 'pull' | 'localName'>): Route {
  return {
    method: 'POST',
    path: '/plugins/pull',
    async handle({ query, headers, body, signal }) {
      const privileges = parsePrivileges(await body.json());
      const remote = query.get('remote') ?? '';
      const name = engine.localName(remote, query.get('name') || undefined);
      const access = readRegistryAccess(headers);
      return progressReply(
        (onProgress) => engine.pull({ remote, name, privileges, access, onProgress, signal }),
        {
          'Docker-Plugin-Name': name,
        },
      );
    },
  };
}
