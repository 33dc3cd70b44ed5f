/**
 * `POST /auth`, the request of `docker login`.
 * @see Docker Engine API v1.51, SystemAuth
 */
import type { PluginEngine } from '@outboard/engine';
import { HttpError } from '../../http/errors.ts';
import { decodeJson } from '../../http/json-body.ts';
import { authConfigCodec, readCredentials } from '../../http/registry-access.ts';
import { jsonReply } from '../../http/reply.ts';
import type { RequestBody } from '../../http/request-body.ts';
import type { Route } from '../../http/route-table.ts';

/** Logs in at the registry; the engine stores nothing. */
export function authRoute(engine: Pick<PluginEngine, 'logIn'>): Route {
  return {
    method: 'POST',
    path: '/auth',
    async handle({ body, signal }) {
      const config = await readAuthConfig(body);
      const credentials = readCredentials(config) ?? {};
      const { identityToken } = await engine.logIn(config.serverAddress, credentials, { signal });
      return jsonReply(200, { IdentityToken: identityToken, Status: 'Login Succeeded' });
    },
  };
}

/** Docker decodes this body with the decoder of the header, whose name is therefore in its errors. */
async function readAuthConfig(body: RequestBody) {
  try {
    const document = await body.json();
    if (document === undefined) throw new HttpError(400, 'invalid JSON: EOF');
    return decodeJson(document, authConfigCodec);
  } catch (error) {
    if (!(error instanceof HttpError && error.status === 400)) throw error;
    throw new HttpError(400, `invalid X-Registry-Auth header: ${error.message}`);
  }
}
