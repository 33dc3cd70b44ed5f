/**
 * `POST /outboard/v1/plugins/{name}/replace`: another build of a plugin in the place of the one that was created before. It
 * stays enabled; Docker has no such route.
 */
import type { PluginEngine } from '@outboard/engine';
import { isTrue, parseSeconds } from '../../http/parameters.ts';
import { emptyReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';
import { textListHeader } from '../../http/text-list-header.ts';

/** Replaces a plugin by what a tar holds, as `POST /plugins/create` takes it. */
export function replaceRoute(engine: Pick<PluginEngine, 'replace'>): Route {
  return {
    method: 'POST',
    path: '/outboard/v1/plugins/{name}/replace',
    async handle({ name: plugin, query, body, signal }) {
      let found: readonly string[] = [];
      await engine.replace({
        plugin,
        context: body.chunks(),
        mustRun: isTrue(query.get('mustRun')),
        timeoutSeconds: parseSeconds(query.get('timeout')),
        probationMs: query.has('probation') ? parseSeconds(query.get('probation')) * 1000 : undefined,
        force: isTrue(query.get('force')),
        onWarnings: (warnings) => {
          found = warnings;
        },
        signal,
      });
      return emptyReply(204, textListHeader('Outboard-Warnings', found));
    },
  };
}
