/**
 * Deviations of known registries from the specification, and the client's behaviour with them.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { digestOf } from '../../digests/digest.ts';
import {
  blobOf,
  createClientUnderTest,
  type HostileRegistry,
  manifestType,
  startHostileRegistry,
} from '../../testing/hostile-registry.ts';

const credentials = { username: 'gordon', password: 'hunter2' };
const basic = `Basic ${Buffer.from('gordon:hunter2').toString('base64')}`;
const asImage = 'repository:acme/plugin:pull,push';
const asPlugin = 'repository(plugin):acme/plugin:pull,push';

function sendManifest(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': manifestType }).end('{}');
}

interface TokenServer {
  /** The token for a set of scopes; undefined where they are refused. */
  readonly grant: (scopes: readonly string[]) => string | undefined;
  readonly refusal?: number | undefined;
  /** Other challenges than Bearer. */
  readonly others?: readonly string[] | undefined;
}

/** A registry that takes the token `good` and, where it offers that, the password of gordon. */
async function startRegistry({ grant, refusal = 400, others = [] }: TokenServer): Promise<HostileRegistry> {
  return await startHostileRegistry((request, response) => {
    const url = new URL(request.url ?? '', `http://${request.headers.host}`);
    const proof = request.headers.authorization ?? '';
    if (url.pathname === '/token') {
      const token = grant(url.searchParams.getAll('scope'));
      if (token === undefined) response.writeHead(refusal).end();
      else response.end(JSON.stringify({ token }));
    } else if (proof === 'Bearer good' || (others.length > 0 && proof === basic)) sendManifest(response);
    else {
      const bearer = `Bearer realm="http://${url.host}/token",service="s"`;
      response.writeHead(401, { 'www-authenticate': [bearer, ...others] }).end();
    }
  });
}

function scopesAsked(registry: HostileRegistry): readonly string[][] {
  return registry.requests
    .filter(({ url }) => url.startsWith('/token'))
    .map(({ url }) => new URL(url, 'http://x').searchParams.getAll('scope'));
}

describe('authentication', () => {
  it('uses the password when the token server refuses and the registry offers Basic too', async () => {
    await using registry = await startRegistry({ grant: () => undefined, others: ['Basic realm="x"'] });
    await using under = createClientUnderTest();
    await under.open(registry, { credentials }).resolve('v1');
    assert.equal(registry.requests.at(-1)?.headers.authorization, basic);
  });

  it('uses the password when the registry refuses its own tokens', async () => {
    await using registry = await startRegistry({ grant: () => 'bad', others: ['Basic realm="x"'] });
    await using under = createClientUnderTest();
    await under.open(registry, { credentials }).resolve('v1');
    assert.equal(registry.requests.at(-1)?.headers.authorization, basic);
  });

  it('uses the password when a refused token is followed by a Basic challenge only', async () => {
    await using registry = await startHostileRegistry((request, response) => {
      const proof = request.headers.authorization;
      if (request.url?.startsWith('/token')) response.end('{"token":"bad"}');
      else if (proof === basic) sendManifest(response);
      else {
        const bearer = `Bearer realm="http://${request.headers.host}/token"`;
        response
          .writeHead(401, { 'www-authenticate': proof === undefined ? bearer : 'Basic realm="x"' })
          .end();
      }
    });
    await using under = createClientUnderTest();
    await under.open(registry, { credentials }).resolve('v1');
    assert.equal(registry.requests.at(-1)?.headers.authorization, basic);
  });

  it('fails with the error of the token server without a password', async () => {
    await using registry = await startRegistry({
      grant: () => undefined,
      refusal: 403,
      others: ['Basic realm="x"'],
    });
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry).resolve('v1'), {
      kind: 'forbidden',
      message: `the token server ${registry.host} answered 403 Forbidden to GET http://${registry.host}/token; the token server of registry "${registry.host}" was asked for repository "acme/plugin" without credentials; to log in, type: outboard login ${registry.host} (or docker login ${registry.host})`,
    });
  });

  for (const [name, takes, asked] of [
    ['two scopes', (scopes: readonly string[]) => scopes.length === 1, [[asImage, asPlugin], [asImage]]],
    [
      'the plugin class',
      (scopes: readonly string[]) => !scopes.includes(asPlugin),
      [[asImage, asPlugin], [asImage]],
    ],
    [
      'all but the plugin class',
      (scopes: readonly string[]) => scopes.length === 1 && scopes[0] === asPlugin,
      [[asImage, asPlugin], [asImage], [asPlugin]],
    ],
  ] as const) {
    for (const refusal of [400, 403, 422]) {
      it(`requests fewer scopes after a token server refused ${name} with ${refusal}`, async () => {
        await using registry = await startRegistry({
          grant: (scopes) => (takes(scopes) ? 'good' : undefined),
          refusal,
        });
        await using under = createClientUnderTest();
        const repository = under.open(registry, { credentials });
        await repository.resolve('v1');
        assert.deepEqual(scopesAsked(registry), asked);
        await repository.resolve('v2');
        assert.deepEqual(scopesAsked(registry), asked, 'the token is kept');
      });
    }
    it(`requests fewer scopes after a token without rights for ${name}`, async () => {
      await using registry = await startRegistry({ grant: (scopes) => (takes(scopes) ? 'good' : 'weak') });
      await using under = createClientUnderTest();
      await under.open(registry, { credentials }).resolve('v1');
      assert.deepEqual(scopesAsked(registry), asked);
    });
  }

  it('sends a wrong password to the token server once', async () => {
    await using registry = await startRegistry({ grant: () => undefined, refusal: 401 });
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry, { credentials }).resolve('v1'), {
      kind: 'unauthorized',
      message: new RegExp(
        `refused the credentials of user "gordon" for repository "acme/plugin"; to log in, type: outboard login ${registry.host} `,
      ),
    });
    assert.equal(scopesAsked(registry).length, 1);
  });
});

describe('hasBlob()', () => {
  for (const refusal of [403, 405]) {
    it(`is true when HEAD is refused with ${refusal} and GET succeeds`, async () => {
      await using registry = await startHostileRegistry((request, response) => {
        if (request.method === 'HEAD') response.writeHead(refusal).end();
        else response.writeHead(206, { 'content-range': 'bytes 0-0/5' }).end('c');
      });
      await using under = createClientUnderTest();
      assert.equal(await under.open(registry).hasBlob(digestOf(Buffer.from('c'))), true);
      assert.equal(registry.requests.at(-1)?.headers.range, 'bytes=0-0');
    });
    for (const onGet of [403, 404, 405]) {
      it(`lets pushBlob() upload when HEAD is refused with ${refusal} and GET with ${onGet}`, async () => {
        await using registry = await startHostileRegistry((request, response) => {
          if (request.method === 'HEAD') response.writeHead(refusal).end();
          else if (request.method === 'GET') response.writeHead(onGet).end();
          else if (request.method === 'POST') response.writeHead(202, { location: '/up' }).end();
          else request.resume().on('end', () => response.writeHead(201).end());
        });
        await using under = createClientUnderTest();
        const content = Buffer.from('a blob');
        const outcome = await under
          .open(registry)
          .pushBlob(blobOf(content), async () => Readable.from([content]));
        assert.equal(outcome, 'uploaded');
      });
    }
  }
});

describe('a 404 of another server', () => {
  it('is not a "not found" of the registry if the token server sent it', async () => {
    await using registry = await startRegistry({ grant: () => undefined, refusal: 404 });
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry).resolve('v1'), {
      kind: 'unavailable',
      message: `the token server ${registry.host} answered 404 Not Found to GET http://${registry.host}/token; it is the token server that registry "${registry.host}" names`,
    });
  });

  async function startRedirecting(to: string): Promise<HostileRegistry> {
    return await startHostileRegistry((_, response) => {
      response.writeHead(307, { location: `http://${to}/moved?signature=secret` }).end();
    });
  }

  for (const what of ['manifest', 'blob'] as const) {
    it(`is not a "not found" of the registry after a redirect of a ${what}, and its text is not shown`, async () => {
      await using cdn = await startHostileRegistry((_, response) => {
        response.writeHead(404).end('words of the other server');
      });
      await using registry = await startRedirecting(cdn.host);
      await using under = createClientUnderTest();
      const repository = under.open(registry);
      await assert.rejects(
        what === 'blob' ? repository.openBlob(blobOf(Buffer.from('c'))) : repository.resolve('v1'),
        {
          kind: 'unavailable',
          message: `unexpected status from GET request to http://${cdn.host}/moved: 404 Not Found; registry "${registry.host}" redirected to it`,
        },
      );
    });
  }

  it('of the registry itself is "not found"', async () => {
    await using registry = await startHostileRegistry((_, response) => void response.writeHead(404).end());
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry).resolve('v1'), {
      kind: 'not-found',
      message: `${registry.host}/acme/plugin:v1: not found`,
    });
  });
});

describe('a manifest with a generic media type', () => {
  const config = {
    mediaType: 'application/vnd.docker.plugin.v1+json',
    digest: digestOf(Buffer.from('c')),
    size: 1,
  };
  const shapes = [
    ['a manifest', { schemaVersion: 2, config, layers: [] }, 'application/vnd.oci.image.manifest.v1+json'],
    ['an index', { schemaVersion: 2, manifests: [] }, 'application/vnd.oci.image.index.v1+json'],
  ] as const;
  async function resolveUnder(contentType: string | undefined, document: unknown) {
    await using registry = await startHostileRegistry((_, response) => {
      response.writeHead(200, contentType === undefined ? {} : { 'content-type': contentType });
      response.end(JSON.stringify(document));
    });
    await using under = createClientUnderTest();
    return await under.open(registry).resolve('v1');
  }
  for (const contentType of ['application/json', 'application/octet-stream', 'text/plain', undefined]) {
    for (const [name, document, mediaType] of shapes) {
      it(`is read as ${name} by its fields when served as ${contentType}`, async () => {
        assert.equal((await resolveUnder(contentType, document)).descriptor.mediaType, mediaType);
      });
    }
  }
  it('is refused when it has the fields of both', async () => {
    const document = { schemaVersion: 2, config, layers: [], manifests: [] };
    await assert.rejects(resolveUnder('application/json', document), {
      kind: 'invalid',
      message: /ambiguous/,
    });
  });
});

/** Never answers requests for content. */
function fallSilent(_: IncomingMessage, _response: ServerResponse): void {}

describe('a silent registry', () => {
  it('is abandoned after a minute without a byte, and the error names the step', async () => {
    await using registry = await startHostileRegistry(fallSilent);
    await using under = createClientUnderTest();
    const failed = assert.rejects(under.open(registry).resolve('v1'), {
      kind: 'unavailable',
      message: `failed to do request: GET "http://${registry.host}/v2/acme/plugin/manifests/v1": no answer in 30 s; gave up after 2 tries and 60 s without progress`,
    });
    for (const tries of [1, 2]) {
      await registry.received(tries);
      under.clock.advance(30_000);
    }
    await failed;
    assert.equal(under.clock.waiting, 0);
  });

  it('in the middle of a blob is reported with the progress', async () => {
    const content = Buffer.alloc(4096, 'x');
    await using registry = await startHostileRegistry((_, response) => {
      response.writeHead(200).write(content.subarray(0, 100));
    });
    await using under = createClientUnderTest({
      retry: { attempts: 5, baseDelayMs: 1, maxDelayMs: 1, maxIdleMs: 30_000 },
    });
    const stream = await under.open(registry).openBlob(blobOf(content));
    const failed = assert.rejects(stream.toArray(), {
      message: new RegExp(
        `^the transfer of sha256:[0-9a-f]{64} from ${registry.host}, after 100 of 4096 bytes, stalled: 100 bytes in 30 s`,
      ),
    });
    await once(stream, 'data');
    under.clock.advance(30_000);
    await failed;
    assert.equal(under.clock.waiting, 0);
  });

  it('that does not respond to an upload is abandoned after a minute', async () => {
    await using registry = await startHostileRegistry((request, response) => {
      if (request.method === 'HEAD') response.writeHead(404).end();
      else if (request.method === 'POST') response.writeHead(202, { location: '/up' }).end();
      else request.resume();
    });
    await using under = createClientUnderTest();
    const content = Buffer.from('a blob');
    const failed = assert.rejects(
      under.open(registry).pushBlob(blobOf(content), async () => Readable.from([content])),
      { message: /PUT "http:.*\/up": no answer in 30\.001 s; gave up after 2 tries/ },
    );
    for (const requests of [3, 5]) {
      await registry.received(requests);
      under.clock.advance(30_001);
    }
    await failed;
  });

  it('that demands waits repeatedly is abandoned after a minute of waiting', async () => {
    await using registry = await startHostileRegistry((_, response) => {
      response.writeHead(429, { 'retry-after': '40' }).end();
    });
    await using under = createClientUnderTest();
    await assert.rejects(
      under.open(registry).resolve('v1'),
      /429 Too Many Requests; the registry limits requests: .*; gave up after 3 tries and 80 s/,
    );
    assert.deepEqual(under.clock.slept, [40_000, 40_000]);
  });
});
