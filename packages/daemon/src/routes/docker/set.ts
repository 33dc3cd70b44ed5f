/**
 * `POST /plugins/{name}/set`
 */
import type { PluginEngine } from '@outboard/engine';
import { codec } from '@outboard/oci';
import { HttpError } from '../../http/errors.ts';
import { readJsonBody } from '../../http/json-body.ts';
import { emptyReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

const settingsCodec = codec.listOrEmpty(codec.text);

/** Changes settings; the body is an array of `NAME=VALUE`. */
export function setRoute(engine: Pick<PluginEngine, 'set'>): Route {
  return {
    method: 'POST',
    path: '/plugins/{name}/set',
    async handle({ name, body }) {
      const settings = await readJsonBody(body, settingsCodec);
      refuseNul(settings);
      await engine.set(name, settings);
      return emptyReply(204);
    },
  };
}

/** Arguments and variables of a process end at the first NUL. Values may be secret: the error has the index only. */
function refuseNul(settings: readonly string[]): void {
  const index = settings.findIndex((setting) => setting.includes('\0'));
  if (index !== -1) throw new HttpError(400, `invalid setting: element ${index} contains a NUL character`);
}
