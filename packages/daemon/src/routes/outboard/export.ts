/**
 * `GET /outboard/v1/plugins/{name}/export`: an installed plugin in the form that `POST /plugins/create` takes.
 */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { PluginEngine } from '@outboard/engine';
import { readRegistryAccess } from '../../http/registry-access.ts';
import type { Route } from '../../http/route-table.ts';

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
              return send(archive, response, signal);
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

async function send(
  archive: AsyncIterable<Buffer>,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  response.flushHeaders();
  await pipeline(Readable.from(archive, { objectMode: false }), response, { end: false, signal });
}
