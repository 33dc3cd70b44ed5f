/**
 * `POST /outboard/v1/plugins/{name}/upgrade` and `…/rollback`: replace a plugin while it stays enabled, which Docker's route
 * refuses, and return to the version before, for which Docker has no route.
 */
import { type PluginEngine, parsePrivileges } from '@outboard/engine';
import { isTrue, parseSeconds } from '../../http/parameters.ts';
import { progressReply } from '../../http/progress-stream.ts';
import { readRemoteOptions } from '../../http/remote-options.ts';
import type { Route } from '../../http/route-table.ts';

/** Upgrades and rolls back plugins, enabled or not; the progress is streamed as by Docker's route. */
export function versionRoutes(
  engine: Pick<PluginEngine, 'upgrade' | 'rollback' | 'localName' | 'inspect'>,
): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/outboard/v1/plugins/{name}/upgrade',
      async handle({ name: plugin, query, headers, body, signal }) {
        const privileges = parsePrivileges(await body.json());
        const { name, pluginReference = name } = engine.inspect(plugin);
        const remote = query.get('remote') ?? pluginReference;
        engine.localName(remote);
        const request = { plugin, remote, privileges, ...readRemoteOptions(query, headers), isLive: true };
        const options = readSwitchOptions(query);
        return progressReply((onProgress) => engine.upgrade({ ...request, ...options, onProgress, signal }), {
          'Docker-Plugin-Name': name,
        });
      },
    },
    {
      method: 'POST',
      path: '/outboard/v1/plugins/{name}/rollback',
      async handle({ name: plugin, query, signal }) {
        const { name } = engine.inspect(plugin);
        const options = readSwitchOptions(query);
        return progressReply((onProgress) => engine.rollback(plugin, { ...options, onProgress, signal }), {
          'Docker-Plugin-Name': name,
        });
      },
    },
  ];
}

function readSwitchOptions(query: URLSearchParams) {
  return {
    timeoutSeconds: parseSeconds(query.get('timeout')),
    force: isTrue(query.get('force')),
  };
}
