import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { isOutboardError } from '../../../errors/outboard-error.ts';
import {
  createClientUnderTest,
  type Handler,
  type HostileRegistry,
  startHostileRegistry,
} from '../../../testing/hostile-registry.ts';
import { basic, credentials, sendManifest } from '../../../testing/token-registry.ts';

/** A registry that wants the token `good`, and serves tokens at `/token` on the same port. */
async function startTokenRegistry(
  token: Handler,
  challenge?: (host: string) => string,
): Promise<HostileRegistry> {
  const registry = await startHostileRegistry((request, response) => {
    if (request.url?.startsWith('/token')) token(request, response);
    else if (request.headers.authorization === 'Bearer good') sendManifest(request, response);
    else {
      const host = request.headers.host ?? '';
      const fallback = `Bearer realm="http://${host}/token",service="the service"`;
      response.writeHead(401, { 'www-authenticate': challenge?.(host) ?? fallback }).end();
    }
  });
  return registry;
}

function giveToken(_: IncomingMessage, response: ServerResponse): void {
  response.end('{"token":"good"}');
}

function tokenRequests(registry: HostileRegistry) {
  return registry.requests.filter(({ url }) => url.startsWith('/token'));
}

describe('Basic authentication', () => {
  it('sends the password after a challenge, and with every later request', async () => {
    await using registry = await startHostileRegistry((request, response) => {
      if (request.headers.authorization === basic) sendManifest(request, response);
      else response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    });
    await using under = createClientUnderTest();
    const repository = under.open(registry, { credentials });
    await repository.resolve('v1');
    await repository.resolve('v2');
    assert.deepEqual(
      registry.requests.map(({ headers }) => headers.authorization),
      [undefined, basic, basic],
    );
  });
  it('R15 neither sends a refused password again nor shows it', async () => {
    await using registry = await startHostileRegistry((_, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    });
    await using under = createClientUnderTest();
    const repository = under.open(registry, { credentials });
    for (const sent of [2, 3]) {
      await assert.rejects(
        repository.resolve('v1'),
        (error) =>
          isOutboardError(error, 'unauthorized') && !/hunter2/.test(JSON.stringify([error.message, error])),
      );
      assert.equal(registry.requests.length, sent);
    }
  });
});

describe('Bearer authentication', () => {
  it('fetches a token for the scopes of image and plugin with the password, and caches it', async () => {
    await using registry = await startTokenRegistry(giveToken);
    await using under = createClientUnderTest();
    await under.open(registry, { credentials, headers: { 'x-meta-a': 'b' } }).resolve('v1');
    await under.open(registry, { credentials }).resolve('v2');
    const [asked, ...more] = tokenRequests(registry);
    assert.equal(more.length, 0);
    assert.equal(asked?.headers.authorization, basic);
    assert.equal(asked?.headers['x-meta-a'], undefined);
    const query = new URL(asked?.url ?? '', 'http://x').searchParams;
    assert.equal(query.get('service'), 'the service');
    assert.equal(query.get('account'), 'gordon');
    assert.deepEqual(query.getAll('scope'), [
      'repository:acme/plugin:pull,push',
      'repository(plugin):acme/plugin:pull,push',
    ]);
  });
  it('fetches an anonymous token', async () => {
    await using registry = await startTokenRegistry(giveToken);
    await using under = createClientUnderTest();
    await under.open(registry).resolve('v1');
    assert.equal(tokenRequests(registry)[0]?.headers.authorization, undefined);
  });
  it('exchanges an identity token by POST, without the password', async () => {
    let form = '';
    await using registry = await startTokenRegistry((request, response) => {
      request.on('data', (chunk) => {
        form += chunk;
      });
      request.on('end', () => response.end('{"access_token":"good"}'));
    });
    await using under = createClientUnderTest();
    await under
      .open(registry, { credentials: { ...credentials, identityToken: 'refresh me' } })
      .resolve('v1');
    const asked = tokenRequests(registry)[0];
    assert.equal(asked?.method, 'POST');
    assert.equal(asked?.headers.authorization, undefined);
    const fields = new URLSearchParams(form);
    assert.equal(fields.get('grant_type'), 'refresh_token');
    assert.equal(fields.get('refresh_token'), 'refresh me');
    assert.equal(
      fields.get('scope'),
      'repository:acme/plugin:pull,push repository(plugin):acme/plugin:pull,push',
    );
    assert.doesNotMatch(form, /hunter2/);
  });
  it('sends a registry token unchanged, and fetches no other', async () => {
    await using registry = await startTokenRegistry(giveToken);
    await using under = createClientUnderTest();
    await under.open(registry, { credentials: { registryToken: 'good' } }).resolve('v1');
    assert.equal(registry.requests.length, 1);
    await assert.rejects(under.open(registry, { credentials: { registryToken: 'bad' } }).resolve('v1'), {
      kind: 'unauthorized',
    });
    await assert.rejects(
      under.open(registry, { credentials: { registryToken: 'a\r\nb: c' } }).resolve('v1'),
      {
        kind: 'unauthorized',
      },
    );
    assert.equal(tokenRequests(registry).length, 0);
  });
  it('R15 answers one challenge per request, and drops a refused token', async () => {
    await using registry = await startTokenRegistry((_, response) => void response.end('{"token":"bad"}'));
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry, { credentials }).resolve('v1'), { kind: 'unauthorized' });
    // Once for each set of scopes.
    assert.equal(tokenRequests(registry).length, 3);
    assert.equal(registry.requests.length, 5);
    await assert.rejects(under.open(registry, { credentials }).resolve('v1'), { kind: 'unauthorized' });
    assert.equal(tokenRequests(registry).length, 6);
  });
  it('R11 sends nothing to a token server that the registry may not name', async () => {
    await using other = await startHostileRegistry(giveToken);
    await using registry = await startTokenRegistry(
      giveToken,
      () => `Bearer realm="http://${other.host}/token"`,
    );
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry, { credentials }).resolve('v1'), { kind: 'forbidden' });
    assert.equal(other.requests.length, 0);
  });
  it('R11 sends the password to a token server that the operator trusts', async () => {
    await using other = await startHostileRegistry(giveToken);
    await using registry = await startTokenRegistry(
      giveToken,
      () => `Bearer realm="http://${other.host}/token"`,
    );
    await using under = createClientUnderTest({
      trustedRealms: [{ registry: registry.host, realm: other.host }],
    });
    await under.open(registry, { credentials }).resolve('v1');
    assert.equal(other.requests[0]?.headers.authorization, basic);
  });
  it('R12 does not follow a redirect of the token server', async () => {
    await using other = await startHostileRegistry(giveToken);
    await using registry = await startTokenRegistry((_, response) => {
      response.writeHead(307, { location: `http://${other.host}/token` }).end();
    });
    await using under = createClientUnderTest();
    await assert.rejects(
      under.open(registry, { credentials }).resolve('v1'),
      /answered 307 to GET \S+; it is the token server that registry "127\.0\.0\.1:\d+" names$/,
    );
    assert.equal(other.requests.length, 0);
  });
  it('R13 encodes the parameters of the challenge, and ignores its scopes for other repositories', async () => {
    const service = 'a&b=c#d%20 e';
    const scope = 'repository:victim/secret:pull registry:catalog:* x&scope=y';
    await using registry = await startTokenRegistry(
      giveToken,
      (host) => `Bearer realm="http://${host}/token?keep=1",service="${service}",scope="${scope}"`,
    );
    await using under = createClientUnderTest();
    await under.open(registry).resolve('v1');
    const query = new URL(tokenRequests(registry)[0]?.url ?? '', 'http://x').searchParams;
    assert.equal(query.get('keep'), '1');
    assert.equal(query.get('service'), service);
    assert.deepEqual(query.getAll('scope').slice(2), ['registry:catalog:*', 'x&scope=y']);
  });
  it('R13 sends nothing for a service that is too long', async () => {
    await using registry = await startTokenRegistry(
      giveToken,
      (host) => `Bearer realm="http://${host}/token",service="${'x'.repeat(5000)}"`,
    );
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry).resolve('v1'), { kind: 'unauthorized' });
    assert.equal(tokenRequests(registry).length, 0);
  });
  it('R13 sends nothing for a challenge of 64 KiB', async () => {
    await using registry = await startTokenRegistry(
      giveToken,
      (host) => `Bearer realm="http://${host}/token",scope="${'x '.repeat(32 * 1024)}"`,
    );
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry).resolve('v1'), (error) => isOutboardError(error));
    assert.equal(tokenRequests(registry).length, 0);
  });
  it('R14 stops reading a token response at 1 MiB', async () => {
    await using registry = await startTokenRegistry((_, response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, 32))) {
          // until the client disconnects
        }
      };
      response.on('drain', more);
      more();
    });
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry).resolve('v1'), /token server is too large/);
  });
  it('names the token server that refused, without query and password', async () => {
    await using registry = await startTokenRegistry((_, response) => {
      response
        .writeHead(401)
        .end('{"errors":[{"code":"UNAUTHORIZED","message":"incorrect username or password"}]}');
    });
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry, { credentials }).resolve('v1'), {
      kind: 'unauthorized',
      message: `the token server ${registry.host} answered 401 Unauthorized to GET http://${registry.host}/token: UNAUTHORIZED: incorrect username or password; the token server of registry "${registry.host}" refused the credentials of user "gordon" for repository "acme/plugin"; to log in, type: outboard login ${registry.host} (or docker login ${registry.host})`,
    });
    assert.equal(tokenRequests(registry).length, 1);
  });
  it('names the registry whose token server cannot be reached', async () => {
    // Port 1 is reserved, and nothing listens there.
    const realm = '127.0.0.1:1';
    await using registry = await startTokenRegistry(giveToken, () => `Bearer realm="http://${realm}/token"`);
    await using under = createClientUnderTest({ trustedRealms: [{ registry: registry.host, realm }] });
    await assert.rejects(under.open(registry, { credentials }).resolve('v1'), {
      kind: 'unavailable',
      message: `the token server of registry "${registry.host}" cannot be reached: failed to do request: GET "http://${realm}/token": connection refused: nothing listens at ${realm}`,
    });
  });
  it('is unauthorized when the challenge is malformed', async () => {
    await using registry = await startTokenRegistry(giveToken, () => 'Bearer realm="open');
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry, { credentials }).resolve('v1'), /form that cannot be read/);
  });
});
