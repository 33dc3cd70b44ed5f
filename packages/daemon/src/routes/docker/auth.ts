/**
 * `POST /auth`: what `docker login` asks.
 * @see Docker Engine API v1.51, SystemAuth
 */
import type { PluginEngine } from '@outboard/engine';
import { HttpError } from '../../http/errors.ts';
import { readAuthConfig } from '../../http/registry-access.ts';
import { jsonReply } from '../../http/reply.ts';
import type { RequestBody } from '../../http/request-body.ts';
import type { Route } from '../../http/route-table.ts';

export function authRoute(engine: Pick<PluginEngine, 'logIn'>): Route {
  return {
    method: 'POST',
    path: '/auth',
    async handle({ body, signal }) {
      const config = readAuthConfig(await readDocument(body));
      if (config === undefined) throw wrongBody('invalid JSON: expected an object');
      const { identityToken } = await engine.logIn(config.serverAddress, config.credentials ?? {}, {
        signal,
      });
      return jsonReply(200, { IdentityToken: identityToken, Status: 'Login Succeeded' });
    },
  };
}

async function readDocument(body: RequestBody): Promise<unknown> {
  let document: unknown;
  try {
    document = await body.json();
  } catch (error) {
    throw error instanceof HttpError && error.status === 400 ? wrongBody(error.message) : error;
  }
  if (document === undefined) throw wrongBody('invalid JSON: EOF');
  return document;
}

/** Docker reads the body with what reads the header, and says so. */
function wrongBody(reason: string): HttpError {
  return new HttpError(400, `invalid X-Registry-Auth header: ${reason}`);
}
