/**
 * A registry with bearer tokens and a token server on the same port, in front of a real registry with the content.
 * Tokens are for one scope each, and there is no anonymous one.
 * @see distribution/distribution docs: "Token Authentication Specification", "OAuth2 Token Authentication"
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request as openRequest, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** The only account. */
export const tokenUser = { username: 'gordon', password: 'canary-hunter2' } as const;

export interface TokenRegistry {
  /** `127.0.0.1:PORT`; plain HTTP. */
  readonly host: string;
  /** Received token requests: `password` or `refresh_token`, and the scopes. */
  readonly grants: readonly { readonly by: string; readonly scopes: readonly string[] }[];
  /** Refuse every identity token that was issued so far. */
  expireRefreshTokens(): void;
  stop(): Promise<void>;
}

/** @param upstream `127.0.0.1:PORT` of a registry without authentication */
export async function startTokenRegistry(upstream: string): Promise<TokenRegistry> {
  const tokens = new Map<string, readonly string[]>();
  const refreshTokens = new Set<string>();
  const grants: { by: string; scopes: readonly string[] }[] = [];

  async function serveToken(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isForm = request.method === 'POST';
    const fields = isForm
      ? new URLSearchParams(await text(request))
      : new URL(request.url ?? '', 'http://x').searchParams;
    const { username, password } = tokenUser;
    const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const isKnown = isForm
      ? refreshTokens.has(fields.get('refresh_token') ?? '')
      : request.headers.authorization === basic;
    if (!isKnown) {
      // As the token server of Docker Hub does.
      response.writeHead(401).end('{"details":"incorrect username or password"}');
      return;
    }
    const scopes = fields.getAll('scope').flatMap((scope) => scope.split(' '));
    grants.push({ by: isForm ? 'refresh_token' : 'password', scopes });
    const token = randomUUID();
    tokens.set(token, scopes);
    const offline =
      fields.get('offline_token') === 'true' ? { refresh_token: `refresh-${randomUUID()}` } : {};
    if ('refresh_token' in offline) refreshTokens.add(offline.refresh_token);
    response.end(JSON.stringify({ token, expires_in: 300, ...offline }));
  }

  function serveRegistry(request: IncomingMessage, response: ServerResponse): void {
    const token = /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (isAllowed(request, tokens.get(token))) forward(request, response, upstream);
    else {
      const challenge = `Bearer realm="http://${request.headers.host}/token",service="test"`;
      response.writeHead(401, { 'www-authenticate': challenge });
      response.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
      request.resume();
    }
  }

  const server = createServer((request, response) => {
    if (request.url?.startsWith('/token')) void serveToken(request, response);
    else serveRegistry(request, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo; // A TCP server has no other form of address.
  return {
    host: `127.0.0.1:${port}`,
    grants,
    expireRefreshTokens: () => refreshTokens.clear(),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** `/v2/` takes any token, other paths one for their repository and action. */
function isAllowed(request: IncomingMessage, scopes: readonly string[] | undefined): boolean {
  if (scopes === undefined) return false;
  const repository = /^\/v2\/(.+)\/(?:blobs|manifests|tags)\//.exec(request.url ?? '')?.[1];
  if (repository === undefined) return true;
  const actions =
    request.method === 'GET' || request.method === 'HEAD' ? ['pull', 'pull,push'] : ['pull,push'];
  return actions.some((action) => scopes.includes(`repository:${repository}:${action}`));
}

function forward(request: IncomingMessage, response: ServerResponse, upstream: string): void {
  const { authorization: _, ...headers } = request.headers;
  const call = openRequest(
    `http://${upstream}${request.url}`,
    { method: request.method ?? 'GET', headers },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    },
  );
  call.on('error', () => response.destroy());
  request.pipe(call);
}
