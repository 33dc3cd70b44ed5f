/**
 * `POST /outboard/v1/plugins/create`: make a plugin of an ordinary image. Docker has no such route.
 */
import type { PluginEngine } from '@outboard/engine';
import { HttpError } from '../../http/errors.ts';
import { parseManifestFormat } from '../../http/manifest-format.ts';
import { isTrue } from '../../http/parameters.ts';
import { progressReply } from '../../http/progress-stream.ts';
import { readRemoteOptions } from '../../http/remote-options.ts';
import type { RequestBody } from '../../http/request-body.ts';
import type { Route } from '../../http/route-table.ts';

/** As of `config.json` in an archive. */
const maxConfigBytes = 1024 * 1024;

/**
 * Creates a plugin of an image: `name`, `image`, `platform`, `archive`, `format` and `mustRun` are parameters, the body is `config.json` or empty. What is
 * wrong in the plugin follows as progress.
 */
export function createFromImageRoute(engine: Pick<PluginEngine, 'createFromImage'>): Route {
  return {
    method: 'POST',
    path: '/outboard/v1/plugins/create',
    async handle({ query, headers, body, signal }) {
      const request = {
        name: query.get('name') ?? '',
        image: query.get('image') ?? '',
        mustRun: isTrue(query.get('mustRun')),
        format: parseManifestFormat(query.get('format')),
        config: await readConfig(body),
        ...readRemoteOptions(query, headers),
        signal,
      };
      return progressReply(async (onProgress) => {
        const onWarnings = (warnings: readonly string[]) => {
          for (const warning of warnings) onProgress({ status: `Warning: ${warning}` });
        };
        await engine.createFromImage({ ...request, onProgress, onWarnings });
      });
    },
  };
}

/** The bytes as they were sent: the engine reads them more strictly than JSON bodies are. */
async function readConfig(body: RequestBody): Promise<Uint8Array | undefined> {
  const bytes = await body.buffer(maxConfigBytes);
  if (bytes === undefined) throw new HttpError(413, `the config has more than ${maxConfigBytes} bytes`);
  return bytes.length === 0 ? undefined : bytes;
}
