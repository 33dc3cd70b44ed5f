/**
 * `POST /plugins/{name}/set`
 */
import type { PluginEngine } from '@outboard/engine';
import { codec } from '@outboard/oci';
import { readJsonBody } from '../../http/json-body.ts';
import { emptyReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';
import { refuseHiddenValues, refuseNul } from '../../plugin-list/refused-values.ts';

const settingsCodec = codec.listOrEmpty(codec.text);

/** Changes settings; the body is an array of `NAME=VALUE`. Every value is literal, as in Docker. */
export function setRoute(
  engine: Pick<PluginEngine, 'set' | 'inspect'>,
  secretPatterns?: readonly string[],
): Route {
  return {
    method: 'POST',
    path: '/plugins/{name}/set',
    async handle({ name, body }) {
      const settings = await readJsonBody(body, settingsCodec);
      refuseNul(settings);
      refuseHiddenValues(engine, name, settings, secretPatterns);
      await engine.set(name, settings);
      return emptyReply(204);
    },
  };
}
