import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { fromCallback } from '@outboard/async';
import { isOutboardError } from '../../../errors/outboard-error.ts';
import { createClientUnderTest } from '../../../testing/hostile-registry.ts';
import { basic, credentials as user } from '../../../testing/token-registry.ts';
import { parseServerAddress } from './log-in.ts';

interface Registry extends AsyncDisposable {
  readonly host: string;
  /** Requests to `/token`: method, query and form. */
  readonly tokenRequests: readonly { readonly method: string; readonly fields: URLSearchParams }[];
  /** `Authorization` of the requests to `/v2/`. */
  readonly proofs: readonly (string | undefined)[];
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A registry whose `/v2/` wants one `Authorization`, with a token server at `/token`. */
async function startRegistry(options: {
  /** Undefined for a registry that asks nobody. */
  readonly accepts: string | undefined;
  readonly challenge: (host: string) => string;
  readonly token?: Answer | undefined;
}): Promise<Registry> {
  const tokenRequests: { method: string; fields: URLSearchParams }[] = [];
  const proofs: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? '', 'http://x');
    if (pathname === '/token') {
      void text(request).then((form) => {
        tokenRequests.push({ method: request.method ?? '', fields: new URLSearchParams(search || form) });
        options.token?.(request, response);
      });
    } else if (request.headers.authorization === options.accepts) {
      proofs.push(request.headers.authorization);
      response.end('{}');
    } else {
      proofs.push(request.headers.authorization);
      const host = request.headers.host ?? '';
      response.writeHead(401, { 'www-authenticate': options.challenge(host) }).end();
    }
  });
  await fromCallback((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return {
    host: `127.0.0.1:${port}`,
    tokenRequests,
    proofs,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await fromCallback((done) => server.close(done));
    },
  };
}

const bearer = (host: string) => `Bearer realm="http://${host}/token",service="the service"`;
const refuse =
  (status: number, body: string): Answer =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  };
const grant =
  (body: object): Answer =>
  (_, response) => {
    response.end(JSON.stringify(body));
  };

describe('logIn()', () => {
  it('sends user name and password after a challenge', async () => {
    await using registry = await startRegistry({ accepts: basic, challenge: () => 'Basic realm="x"' });
    await using under = createClientUnderTest();
    assert.deepEqual(await under.client.logIn(registry.host, user), { identityToken: '' });
    assert.deepEqual(await under.client.logIn(`http://${registry.host}/v1/`, user), { identityToken: '' });
  });

  it("R15 sends a refused password once, and fails with Docker's text", async () => {
    await using registry = await startRegistry({ accepts: basic, challenge: () => 'Basic realm="x"' });
    await using under = createClientUnderTest();
    await assert.rejects(under.client.logIn(registry.host, { ...user, password: 'hunter3' }), {
      kind: 'unauthorized',
      message: `login attempt to http://${registry.host}/v2/ failed with status: 401 Unauthorized`,
    });
    assert.equal(registry.proofs.filter((proof) => proof !== undefined).length, 1);
    await assert.rejects(under.client.logIn(registry.host, {}), { kind: 'unauthorized' });
  });

  it('requests an identity token from a token server, without a repository scope', async () => {
    const token = grant({ token: 'good', refresh_token: 'from-now-on' });
    await using registry = await startRegistry({ accepts: 'Bearer good', challenge: bearer, token });
    await using under = createClientUnderTest();
    assert.deepEqual(await under.client.logIn(registry.host, user), { identityToken: 'from-now-on' });
    const [asked] = registry.tokenRequests;
    assert.deepEqual([asked?.method, ...(asked?.fields.entries() ?? [])].slice(0, 5), [
      'GET',
      ['service', 'the service'],
      ['client_id', 'outboard'],
      ['offline_token', 'true'],
      ['account', 'gordon'],
    ]);
    assert.equal(asked?.fields.has('scope'), false);
  });

  it('R14 refuses an identity token with line ends', async () => {
    const token = grant({ token: 'good', refresh_token: 'from\r\nnow: on' });
    await using registry = await startRegistry({ accepts: 'Bearer good', challenge: bearer, token });
    await using under = createClientUnderTest();
    await assert.rejects(under.client.logIn(registry.host, user), { kind: 'invalid', message: /malformed/ });
  });

  it('sends an identity token in the OAuth2 form, and returns it', async () => {
    const token = grant({ access_token: 'good' });
    await using registry = await startRegistry({ accepts: 'Bearer good', challenge: bearer, token });
    await using under = createClientUnderTest();
    const login = await under.client.logIn(registry.host, { identityToken: 'refresh-me' });
    assert.deepEqual(login, { identityToken: 'refresh-me' });
    const [asked] = registry.tokenRequests;
    assert.equal(asked?.method, 'POST');
    assert.deepEqual(Object.fromEntries(asked?.fields ?? []), {
      grant_type: 'refresh_token',
      service: 'the service',
      client_id: 'outboard',
      refresh_token: 'refresh-me',
    });
  });

  it('uses no cached token, which would prove earlier credentials', async () => {
    let refusing = false;
    const token: Answer = (request, response) =>
      refusing ? refuse(401, '')(request, response) : grant({ token: 'good' })(request, response);
    await using registry = await startRegistry({ accepts: 'Bearer good', challenge: bearer, token });
    await using under = createClientUnderTest();
    await under.client.logIn(registry.host, user);
    refusing = true;
    await assert.rejects(under.client.logIn(registry.host, user), {
      kind: 'unauthorized',
      message: `Get "http://${registry.host}/v2/": unauthorized: authentication required`,
    });
  });

  for (const [name, body, reason] of [
    [
      'as registries do',
      '{"errors":[{"code":"UNAUTHORIZED","message":"wrong \\u001b[31mpassword"}]}',
      'wrong \\u001b[31mpassword',
    ],
    ['as Docker Hub does', '{"details":"incorrect username or password"}', 'incorrect username or password'],
    ['without a reason', '', 'authentication required'],
  ] as const) {
    it(`explains why a token server refuses ${name}`, async () => {
      await using registry = await startRegistry({
        accepts: 'Bearer good',
        challenge: bearer,
        token: refuse(401, body),
      });
      await using under = createClientUnderTest();
      await assert.rejects(under.client.logIn(registry.host, user), (error) => {
        assert.ok(isOutboardError(error, 'unauthorized'), String(error));
        assert.equal(error.message, `Get "http://${registry.host}/v2/": unauthorized: ${reason}`);
        assert.doesNotMatch(JSON.stringify([error, error.cause]), /hunter2/);
        return true;
      });
    });
  }

  it('R11 fails when the token server must not see the credentials, even if it issues anonymous tokens', async () => {
    const challenge = () => 'Bearer realm="https://tokens.example.com/token",service="x"';
    await using registry = await startRegistry({ accepts: 'Bearer good', challenge });
    await using under = createClientUnderTest();
    await assert.rejects(under.client.logIn(registry.host, user), {
      kind: 'forbidden',
      message:
        /credentials were not sent to tokens\.example\.com, which is not known to be the token server of/,
    });
  });

  it('R09 refuses the success of another host, which got no credentials', async () => {
    const away = createServer((request, response) => {
      if (request.headers.authorization === undefined) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      } else response.writeHead(307, { location: `http://${open.host}/v2/` }).end();
    });
    await using open = await startRegistry({ accepts: undefined, challenge: bearer });
    await fromCallback((done) => away.listen(0, '127.0.0.1', done));
    try {
      await using under = createClientUnderTest();
      const { port } = away.address() as AddressInfo; // a TCP server that listens has one
      await assert.rejects(under.client.logIn(`127.0.0.1:${port}`, user), {
        kind: 'invalid',
        message: `cannot log in to 127.0.0.1:${port}: it sends clients to http://${open.host}/v2/; log in there`,
      });
      assert.deepEqual(open.proofs, [undefined]);
    } finally {
      away.closeAllConnections();
      await fromCallback((done) => away.close(done));
    }
  });

  it('does not retry without a response', async () => {
    await using under = createClientUnderTest();
    await assert.rejects(under.client.logIn('127.0.0.1:1', user), { kind: 'unavailable' });
    assert.deepEqual(under.clock.slept, []);
  });

  it('stops when its signal aborts', async () => {
    const challenge = bearer;
    const asked = new AbortController();
    await using registry = await startRegistry({
      accepts: 'Bearer good',
      challenge,
      token: () => asked.abort(new Error('enough')),
    });
    await using under = createClientUnderTest();
    await assert.rejects(under.client.logIn(registry.host, user, { signal: asked.signal }), /enough/);
  });
});

describe('parseServerAddress()', () => {
  for (const [address, domain] of [
    ['', 'index.docker.io'],
    ['https://index.docker.io/v1/', 'index.docker.io'],
    ['docker.io', 'docker.io'],
    ['reg.example', 'reg.example'],
    ['reg.example:443', 'reg.example:443'],
    ['http://reg.example:5000', 'reg.example:5000'],
    ['https://reg.example/v2/', 'reg.example'],
    ['[::1]:5000', '[::1]:5000'],
  ] as const) {
    it(`reads ${JSON.stringify(address)} as ${domain}`, () => {
      assert.equal(parseServerAddress(address), domain);
    });
  }

  for (const address of [
    'https://',
    'http:///v2/',
    'ftp://h',
    'h?x',
    'h#x',
    'a b',
    'h:99999',
    'h\\x',
    '/',
    '\0',
  ]) {
    it(`refuses ${JSON.stringify(address)}`, () => {
      assert.throws(() => parseServerAddress(address), {
        kind: 'invalid',
        message: /^invalid server address /,
      });
    });
  }

  it('does not quote a password', () => {
    assert.throws(() => parseServerAddress('https://gordon:hun/ter2@h'), {
      message: 'invalid server address "***@h": expected HOST, HOST:PORT or a URL',
    });
  });
});
