/**
 * `POST /plugins/{name}/set`
 */
import type { PluginEngine } from '@outboard/engine';
import { HttpError } from '../../http/errors.ts';
import { emptyReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

export function setRoute(engine: Pick<PluginEngine, 'set'>): Route {
  return {
    method: 'POST',
    path: '/plugins/{name}/set',
    async handle({ name, body }) {
      await engine.set(name, parseArguments(await body.json()));
      return emptyReply(204);
    },
  };
}

/** The values may be secret, so the error names their place only. */
function parseArguments(document: unknown): readonly string[] {
  if (document === undefined || document === null) return [];
  if (!Array.isArray(document)) throw new HttpError(400, 'invalid JSON: expected an array of strings');
  for (const [index, value] of document.entries()) {
    if (typeof value !== 'string') throw new HttpError(400, `invalid JSON: element ${index} is not a string`);
    if (value.includes('\0'))
      throw new HttpError(400, `invalid setting: element ${index} contains a NUL character`);
  }
  return document;
}
