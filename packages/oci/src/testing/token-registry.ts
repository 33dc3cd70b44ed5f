/**
 * Registries for tests of tokens, with their token server at `/token` on the same port.
 */
import type { ServerResponse } from 'node:http';
import {
  type Handler,
  type HostileRegistry,
  manifestType,
  startHostileRegistry,
} from './hostile-registry.ts';

/** The credentials that the registries take. */
export const credentials = { username: 'gordon', password: 'hunter2' };
/** The header with them. */
export const basic = `Basic ${Buffer.from('gordon:hunter2').toString('base64')}`;

/**
 * A registry whose tokens come from the handler.
 * @param options the challenges it sends (default: Bearer alone), what it takes for an authorization (default: the token
 * `good`), and how it answers then (default: with a manifest)
 */
export async function startTokenRegistry(
  token: Handler,
  options: {
    readonly challenges?: (host: string) => readonly string[];
    readonly takes?: (authorization: string) => boolean;
    readonly serve?: Handler;
  } = {},
): Promise<HostileRegistry> {
  const takes = options.takes ?? ((proof) => proof === 'Bearer good');
  return await startHostileRegistry((request, response) => {
    const { host = '', authorization = '' } = request.headers;
    if (request.url?.startsWith('/token')) token(request, response);
    else if (takes(authorization)) (options.serve ?? sendManifest)(request, response);
    else {
      const challenges = options.challenges?.(host) ?? [`Bearer realm="http://${host}/token",service="s"`];
      response.writeHead(401, { 'www-authenticate': [...challenges] }).end();
      request.resume();
    }
  });
}

/** Answers with a manifest, whatever its name. */
export const sendManifest: Handler = (_, response) => {
  response.writeHead(200, { 'content-type': manifestType }).end('{}');
};

/** Answer with a token, `good` unless the fields name another. */
export function grantToken(response: ServerResponse, fields: Record<string, unknown> = {}): void {
  response.end(JSON.stringify({ token: 'good', ...fields }));
}

/** The scopes that each request for a token named. */
export function askedScopes(registry: HostileRegistry): readonly string[][] {
  return registry.requests
    .filter(({ url }) => url.startsWith('/token'))
    .map(({ url }) => new URL(url, 'http://x').searchParams.getAll('scope'));
}
