/**
 * `GET /outboard/v1/plugins/save`: installed plugins as an archive.
 */
import type { PluginEngine } from '@outboard/engine';
import { isTrue } from '../../http/parameters.ts';
import { readRegistryAccesses } from '../../http/registry-access.ts';
import type { Route } from '../../http/route-table.ts';
import { sendArchive } from '../../http/send-archive.ts';

/**
 * Sends a tar of an OCI image layout with the plugins of the parameter `names`, which may be repeated. With `allPlatforms` and
 * `referrers` the registries of the plugins are asked, with the credentials of the header `X-Registry-Config`. A failure after
 * the first byte breaks the connection, so that the archive does not look complete.
 */
export function saveRoute(engine: Pick<PluginEngine, 'save'>): Route {
  return {
    method: 'GET',
    path: '/outboard/v1/plugins/save',
    handle({ query, headers, signal }) {
      const request = {
        accessTo: readRegistryAccesses(headers),
        allPlatforms: isTrue(query.get('allPlatforms')),
        referrers: isTrue(query.get('referrers')),
        signal,
      };
      const plugins = query.getAll('names').filter((name) => name !== '');
      return {
        headers: { 'Content-Type': 'application/x-tar' },
        async write(response) {
          try {
            await engine.save({
              ...request,
              plugins,
              send: (archive) => sendArchive(archive, response, { signal }),
            });
            return undefined;
          } catch (error) {
            if (!response.headersSent) throw error;
            response.destroy();
            return error;
          }
        },
      };
    },
  };
}
