/**
 * `POST /plugins/{name}/upgrade`
 */
import { type PluginEngine, parsePrivileges } from '@outboard/engine';
import { progressReply } from '../../http/progress-stream.ts';
import { readRemoteOptions } from '../../http/remote-options.ts';
import type { Route } from '../../http/route-table.ts';

/** Upgrades a plugin, which may be named by ID, unlike in Docker. */
export function upgradeRoute(engine: Pick<PluginEngine, 'upgrade' | 'localName' | 'inspect'>): Route {
  return {
    method: 'POST',
    path: '/plugins/{name}/upgrade',
    minimumVersion: '1.26',
    async handle({ name: plugin, query, headers, body, signal }) {
      const privileges = parsePrivileges(await body.json());
      const remote = query.get('remote') ?? '';
      engine.localName(remote);
      const { name } = engine.inspect(plugin);
      const options = readRemoteOptions(query, headers);
      return progressReply(
        (onProgress) => engine.upgrade({ plugin, remote, privileges, ...options, onProgress, signal }),
        { 'Docker-Plugin-Name': name },
      );
    },
  };
}
