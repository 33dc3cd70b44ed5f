/**
 * `POST /plugins/create`
 */
import type { PluginEngine } from '@outboard/engine';
import { parseManifestFormat } from '../../http/manifest-format.ts';
import { isTrue } from '../../http/parameters.ts';
import { emptyReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';
import { textListHeader } from '../../http/text-list-header.ts';

/**
 * Creates a plugin from a tar, plain or compressed; as in Docker, the Content-Type is not checked. The parameters `mustRun`,
 * `platform` and `format` are Outboard's own, as the header `Outboard-Warnings` is: what is wrong in the plugin.
 */
export function createRoute(engine: Pick<PluginEngine, 'create'>): Route {
  return {
    method: 'POST',
    path: '/plugins/create',
    async handle({ query, body, signal }) {
      let found: readonly string[] = [];
      await engine.create({
        name: query.get('name') ?? '',
        context: body.chunks(),
        mustRun: isTrue(query.get('mustRun')),
        platform: query.get('platform') || undefined,
        format: parseManifestFormat(query.get('format')),
        onWarnings: (warnings) => {
          found = warnings;
        },
        signal,
      });
      return emptyReply(204, textListHeader('Outboard-Warnings', found));
    },
  };
}
