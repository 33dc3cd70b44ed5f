/**
 * `POST /outboard/v1/adopt`: take plugins over from the data root of a Docker Engine on this host.
 */
import type { Adoption, PluginEngine } from '@outboard/engine';
import { codec } from '@outboard/oci';
import { readJsonBody } from '../../http/json-body.ts';
import { isTrue } from '../../http/parameters.ts';
import { jsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

const requestCodec = codec.object({
  directory: codec.field('Directory', codec.nonEmptyText),
  plugins: codec.field('Plugins', codec.listOrEmpty(codec.nonEmptyText)),
  force: codec.field('Force', codec.flag),
});

/** Adopts the plugins; `dryRun` only tells what would be done. A plugin that is refused is a result. */
export function adoptRoute(engine: Pick<PluginEngine, 'adopt'>): Route {
  return {
    method: 'POST',
    path: '/outboard/v1/adopt',
    async handle({ query, body, signal }) {
      const request = await readJsonBody(body, requestCodec, { unknownFields: 'refuse' });
      const isDryRun = isTrue(query.get('dryRun'));
      const adoptions = await engine.adopt({ ...request, isDryRun, signal });
      return jsonReply(200, { Plugins: adoptions.map(toDocument) });
    },
  };
}

function toDocument({ id, name, outcome, reason, isEnabled, warnings }: Adoption) {
  return {
    Id: id,
    Name: name,
    Outcome: outcome,
    Reason: reason,
    Enabled: isEnabled,
    Warnings: warnings,
  };
}
