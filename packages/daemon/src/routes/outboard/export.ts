/**
 * `GET /outboard/v1/plugins/{name}/export`: an installed plugin in the form that `POST /plugins/create` takes.
 */
import type { PluginEngine } from '@outboard/engine';
import { readRegistryAccess } from '../../http/registry-access.ts';
import type { Route } from '../../http/route-table.ts';
import { sendArchive } from '../../http/send-archive.ts';

/** Streams a tar with `config.json` and `rootfs/`. A failure on the way breaks the connection: a tar has no place for it. */
export function exportRoute(engine: Pick<PluginEngine, 'export'>): Route {
  return {
    method: 'GET',
    path: '/outboard/v1/plugins/{name}/export',
    handle({ name: plugin, headers, signal }) {
      const access = readRegistryAccess(headers);
      return {
        headers: { 'Content-Type': 'application/x-tar' },
        async write(response) {
          let hasBegun = false;
          try {
            const deliver = (archive: AsyncIterable<Buffer>) => {
              hasBegun = true;
              return sendArchive(archive, response, { signal });
            };
            await engine.export({ plugin, access, deliver, signal });
            return undefined;
          } catch (error) {
            if (!hasBegun) throw error;
            response.destroy();
            return error;
          }
        },
      };
    },
  };
}
