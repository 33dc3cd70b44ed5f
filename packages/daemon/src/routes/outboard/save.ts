/**
 * `GET /outboard/v1/plugins/save`: installed plugins as an archive.
 */
import type { ServerResponse } from 'node:http';
import { waitForDrain } from '@outboard/async';
import type { PluginEngine } from '@outboard/engine';
import { HttpError } from '../../http/errors.ts';
import { isTrue } from '../../http/parameters.ts';
import { readRegistryAccesses } from '../../http/registry-access.ts';
import type { Route } from '../../http/route-table.ts';

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
              send: (archive) => sendAll(archive, response, signal),
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

async function sendAll(
  archive: AsyncIterable<Buffer>,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  for await (const chunk of archive) {
    if (response.write(chunk) || (await waitForDrain(response, { signal }))) continue;
    throw new HttpError(400, 'the client went away before the archive was complete');
  }
}
