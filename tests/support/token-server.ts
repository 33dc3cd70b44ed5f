/**
 * A token server for a real registry: it knows one account, and signs tokens that the registry verifies.
 * @see distribution docs, "Token Authentication Implementation"
 */
import { createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAuthority } from '@outboard/oci/testing';
import type { TokenServerFacts } from './registry.ts';

/** The only account. */
export const tokenAccount = { username: 'gordon', password: 'secret' } as const;

/** A token server that listens. */
export interface TokenServer {
  /** For the registry. */
  readonly facts: TokenServerFacts;
  /** Scopes of each token that it issued. */
  readonly issued: readonly (readonly string[])[];
  stop(): Promise<void>;
}

/** @param lifetimeSeconds of tokens; a registry allows a minute more for clocks that differ */
export async function startTokenServer(lifetimeSeconds = 300): Promise<TokenServer> {
  const authority = createAuthority('token server');
  const signer = authority.issue({ commonName: 'signer' });
  const key = createPrivateKey(signer.key);
  const x5c = [new X509Certificate(signer.certificate).raw.toString('base64')];
  const issued: string[][] = [];
  const { username, password } = tokenAccount;
  const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

  function issue(url: URL): string {
    const scopes = url.searchParams.getAll('scope').flatMap((scope) => scope.split(' '));
    issued.push(scopes);
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: 'outboard-test',
      sub: username,
      aud: url.searchParams.get('service'),
      nbf: now - 1,
      iat: now,
      exp: now + lifetimeSeconds,
      jti: randomUUID(),
      access: scopes.map(toAccess),
    };
    const text = [{ typ: 'JWT', alg: 'ES256', x5c }, claims].map(encode).join('.');
    return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  }

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    if (request.headers.authorization !== expected)
      response.writeHead(401).end('{"details":"incorrect username or password"}');
    else
      response.end(
        JSON.stringify({ token: issue(new URL(request.url ?? '', 'http://x')), expires_in: lifetimeSeconds }),
      );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo; // A TCP server has no other form of address.
  return {
    issued,
    facts: {
      realm: `http://127.0.0.1:${port}/token`,
      service: 'outboard-test',
      issuer: 'outboard-test',
      authority: authority.certificate,
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** `repository(plugin):acme/p:pull,push` */
function toAccess(scope: string) {
  const [, type = '', kind, name = '', actions = ''] =
    /^([^:()]+)(?:\((.+)\))?:(.+):([^:]*)$/.exec(scope) ?? [];
  return { type, ...(kind === undefined ? {} : { class: kind }), name, actions: actions.split(',') };
}
