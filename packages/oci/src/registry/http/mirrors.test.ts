import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { copyArtifact } from '../../artifacts/copy-artifact.ts';
import { digestOf } from '../../digests/digest.ts';
import { OutboardError } from '../../errors/outboard-error.ts';
import { MemoryRegistry } from '../../memory/memory-registry.ts';
import { createMemoryRegistryClient } from '../../memory/memory-registry-client.ts';
import {
  blobOf,
  createClientUnderTest,
  type Handler,
  type HostileRegistry,
  manifestType,
  startHostileRegistry,
} from '../../testing/hostile-registry.ts';
import { createRegistriesConfiguration } from '../configuration/registries-configuration.ts';
import { parsePlace } from '../configuration/registry-location.ts';
import type { MirrorUse, RegistryRule } from '../configuration/registry-rule.ts';
import type { RegistryAccess } from '../registry-client.ts';
import type { RegistryClientOptions } from './http-registry-client.ts';

const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: blobOf(Buffer.from('{}')),
    layers: [],
  }),
);
const layer = Buffer.alloc(300_000, 'layer ');

/** Serves the manifest and the layer, whatever their names. */
const serve: Handler = (request, response) => {
  const isBlob = request.url?.includes('/blobs/');
  if (!isBlob) {
    response.writeHead(200, { 'content-type': manifestType }).end(manifest);
    return;
  }
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const range = from > 0 ? { 'content-range': `bytes ${from}-${layer.length - 1}/${layer.length}` } : {};
  response.writeHead(from > 0 ? 206 : 200, { ...range, 'content-length': layer.length - from });
  response.end(layer.subarray(from));
};

function fail(status: number): Handler {
  return (_request, response: ServerResponse) => response.writeHead(status).end();
}

/** A registry with mirrors, and a client that knows them. */
async function startMirrored(
  mirrors: readonly (Handler | 'nothing listens')[],
  upstream: Handler = serve,
  {
    use = 'all',
    authFile,
    ...options
  }: { readonly use?: MirrorUse; readonly authFile?: string } & Partial<RegistryClientOptions> = {},
) {
  const stack: AsyncDisposable[] = [];
  const start = async (handler: Handler): Promise<HostileRegistry> => {
    const registry = await startHostileRegistry(handler);
    stack.unshift(registry);
    return registry;
  };
  const registry = await start(upstream);
  const servers: HostileRegistry[] = [];
  for (const handler of mirrors) {
    const server = await start(handler === 'nothing listens' ? serve : handler);
    if (handler === 'nothing listens') await server[Symbol.asyncDispose]();
    servers.push(server);
  }
  const rule: RegistryRule = {
    prefix: registry.host,
    source: 'test',
    mirrors: servers.map(({ host }) => ({ place: parsePlace(`${host}/cache`), insecure: false, use })),
  };
  const under = createClientUnderTest({
    configuration: createRegistriesConfiguration({
      rules: [rule, ...servers.map(({ host }) => ({ prefix: host, source: 'test', authFile }))],
    }),
    ...options,
  });
  stack.unshift(under);
  return {
    registry,
    mirrors: servers,
    clock: under.clock,
    pull: (access: RegistryAccess = {}) =>
      under.client.repository({ domain: registry.host, path: 'acme/plugin' }, 'pull', access),
    push: () => under.client.repository({ domain: registry.host, path: 'acme/plugin' }, 'pull,push'),
    async [Symbol.asyncDispose]() {
      // A server that was stopped before is stopped already.
      await Promise.allSettled(stack.map((each) => each[Symbol.asyncDispose]()));
    },
  };
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const urls = (server: HostileRegistry | undefined) => server?.requests.map(({ url }) => url);

describe('mirrors', () => {
  it('serve manifests and blobs below their path, and the registry is not asked', async () => {
    await using under = await startMirrored([serve]);
    const repository = under.pull();
    const { descriptor } = await repository.resolve('v1');
    assert.equal(descriptor.digest, digestOf(manifest));
    assert.deepEqual(await readAll(await repository.openBlob(blobOf(layer))), layer);
    assert.deepEqual(urls(under.registry), []);
    assert.deepEqual(urls(under.mirrors[0]), [
      '/v2/cache/acme/plugin/manifests/v1',
      `/v2/cache/acme/plugin/blobs/${digestOf(layer)}`,
    ]);
  });

  for (const status of [401, 403, 404, 429, 500, 503]) {
    it(`are passed over in order when they answer with ${status}`, async () => {
      await using under = await startMirrored([fail(status), fail(status)]);
      await under.pull().resolve('v1');
      assert.equal(under.mirrors[0]?.requests.length, 1);
      assert.equal(under.mirrors[1]?.requests.length, 1);
      assert.equal(under.registry.requests.length, 1);
    });
  }

  it('that cannot be reached are passed over for a minute', async () => {
    await using under = await startMirrored(['nothing listens', fail(503)]);
    const repository = under.pull();
    await repository.resolve('v1');
    await repository.resolve('v1');
    assert.equal(under.mirrors[1]?.requests.length, 1);
    under.clock.advance(60_001);
    await repository.resolve('v1');
    assert.equal(under.mirrors[1]?.requests.length, 2);
    assert.equal(under.registry.requests.length, 3);
  });

  it('never see the credentials and headers for the registry', async () => {
    const challenge: Handler = (_request, response) =>
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    await using under = await startMirrored([challenge], (request, response) => {
      if (request.headers.authorization === undefined) challenge(request, response);
      else serve(request, response);
    });
    const access = { credentials: { username: 'u', password: 'secret' }, headers: { 'x-meta-a': 'private' } };
    const repository = under.pull(access);
    await repository.resolve('v1');
    await readAll(await repository.openBlob(blobOf(layer)));
    const seen = JSON.stringify(under.mirrors[0]?.requests);
    assert.doesNotMatch(seen, /authorization|x-meta/i);
    assert.match(JSON.stringify(under.registry.requests), /authorization.*x-meta-a/i);
  });

  it('get the credentials that a file has for them, read again for each pull, and the registry does not', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'outboard-mirrors-'));
    const authFile = join(directory, 'auth.json');
    let wanted = 'u:one';
    const protect: Handler = (request, response) => {
      if (request.headers.authorization === `Basic ${Buffer.from(wanted).toString('base64')}`) {
        serve(request, response);
      } else response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    };
    try {
      await using under = await startMirrored([protect], serve, { authFile });
      const [mirror] = under.mirrors;
      const write = (login: string) =>
        writeFile(
          authFile,
          JSON.stringify({
            auths: { [mirror?.host ?? '']: { auth: Buffer.from(login).toString('base64') } },
          }),
        );
      const access = {
        credentials: { username: 'user', password: 'upstream' },
        headers: { 'x-meta-a': 'b' },
      };
      await write('u:one');
      await under.pull(access).resolve('v1');
      wanted = 'u:two';
      await write('u:two');
      await under.pull(access).resolve('v1');
      assert.equal(under.registry.requests.length, 0);
      const login = Buffer.from('user:upstream').toString('base64');
      assert.doesNotMatch(JSON.stringify(mirror?.requests), new RegExp(`${login}|x-meta`));
      wanted = 'u:three';
      await under.pull().resolve('v1');
      await rm(authFile);
      await under.pull().resolve('v1');
      assert.equal(under.registry.requests.length, 2, 'the registry follows');
      assert.doesNotMatch(JSON.stringify(under.registry.requests), /authorization/);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('R01 cannot serve another manifest for a digest', async () => {
    const other: Handler = (_request, response) =>
      response.writeHead(200, { 'content-type': manifestType }).end('{"schemaVersion":2}');
    await using under = await startMirrored([other]);
    const { bytes } = await under.pull().resolve(digestOf(manifest));
    assert.deepEqual(bytes, manifest);
    assert.equal(under.registry.requests.length, 1);
  });

  it('R01 cannot serve another blob for a digest, and are passed over afterwards', async () => {
    const other = Buffer.alloc(layer.length, 'evil ');
    await using under = await startMirrored([
      (_request, response) => response.writeHead(200, { 'content-length': other.length }).end(other),
    ]);
    await assert.rejects(async () => readAll(await under.pull().openBlob(blobOf(layer))), {
      kind: 'invalid',
      code: 'content-changed',
    });
    assert.deepEqual(await readAll(await under.pull().openBlob(blobOf(layer))), layer);
  });

  it('R01 cannot make a copy fail by wrong content', async () => {
    const other = Buffer.alloc(layer.length, 'evil ');
    const config = Buffer.from('{}');
    const target = createMemoryRegistryClient(new Map([['registry.test', new MemoryRegistry()]]));
    const bytes = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: manifestType,
        config: { ...blobOf(config), mediaType: 'application/vnd.docker.container.image.v1+json' },
        layers: [blobOf(layer)],
      }),
    );
    const send =
      (content: Buffer): Handler =>
      (request, response) => {
        const isConfig = request.url?.endsWith(digestOf(config));
        if (isConfig) response.end(config);
        else if (request.url?.includes('/blobs/')) response.end(content);
        else response.writeHead(200, { 'content-type': manifestType }).end(bytes);
      };
    await using under = await startMirrored([send(other)], send(layer));
    const to = target.repository({ domain: 'registry.test', path: 'acme/copy' }, 'pull,push');
    await copyArtifact(under.pull(), to, 'v1');
    assert.deepEqual(await to.readBlob(blobOf(layer), { maxBytes: layer.length }), layer);
  });

  it('R01 that sent wrong content are not asked again, once the reader who verifies it has said so', async () => {
    const other = Buffer.alloc(layer.length, 'evil ');
    let outages = 0;
    await using under = await startMirrored(
      [(_request, response) => response.writeHead(200, { 'content-length': other.length }).end(other)],
      (request, response) => {
        if (outages-- > 0) response.writeHead(503).end();
        else serve(request, response);
      },
    );
    const repository = under.pull();
    const reports: ((error: unknown) => void)[] = [];
    const onMirror = (report: (error: unknown) => void) => void reports.push(report);
    const read = async () => readAll(await repository.openBlob(blobOf(layer), { verify: false, onMirror }));
    assert.deepEqual(await read(), other);
    for (const report of reports) report(new OutboardError('invalid', 'wrong digest'));
    assert.deepEqual(await read(), layer);
    under.clock.advance(61_000);
    outages = 1;
    assert.deepEqual(await read(), layer, 'also while the registry is out of reach');
    assert.equal(under.mirrors[0]?.requests.length, 1);
    assert.equal(reports.length, 1);
  });

  it('R22 that break off are followed by the registry, from where they ended', async () => {
    await using under = await startMirrored([
      (_request, response) => {
        response.writeHead(200, { 'content-length': layer.length });
        response.write(layer.subarray(0, 100_000), () => response.destroy());
      },
    ]);
    assert.deepEqual(await readAll(await under.pull().openBlob(blobOf(layer))), layer);
    assert.match(under.registry.requests[0]?.headers.range ?? '', /^bytes=[1-9]\d*-$/);
    assert.equal(under.mirrors[0]?.requests.length, 1);
  });

  it('are asked again when the registry cannot be reached', async () => {
    let asked = 0;
    await using under = await startMirrored(
      [
        (request, response) => {
          asked += 1;
          if (asked === 1) response.writeHead(503).end();
          else serve(request, response);
        },
      ],
      fail(503),
    );
    await under.pull().resolve('v1');
    assert.equal(asked, 2);
  });

  it('that always send something else end with the error of the registry', async () => {
    await using under = await startMirrored(
      [(_request, response) => response.writeHead(200, { 'content-type': manifestType }).end('{}')],
      fail(503),
    );
    await assert.rejects(under.pull().resolve(digestOf(manifest)), (error: OutboardError) => {
      assert.equal(error.kind, 'unavailable');
      assert.match(
        error.message,
        /503 Service Unavailable; .*; mirrors were tried before: "127.*": manifest of .* has digest/,
      );
      return true;
    });
  });

  it('are named in the error with their own failures', async () => {
    await using under = await startMirrored(['nothing listens', fail(403)], fail(404));
    await assert.rejects(under.pull().resolve('v1'), (error: unknown) => {
      assert.ok(error instanceof OutboardError && error.kind === 'not-found');
      const [first, second] = under.mirrors.map(({ host }) => `"${host}/cache/acme/plugin"`);
      assert.ok(
        error.message.startsWith(
          `${under.registry.host}/acme/plugin:v1: not found; mirrors were tried before: ${first}: `,
        ),
      );
      assert.match(error.message, /connection refused/);
      assert.ok(error.message.includes(`; ${second}: unexpected status from GET request`), error.message);
      return true;
    });
  });

  for (const [use, asked] of [
    ['digest-only', [digestOf(manifest)]],
    ['tag-only', ['v1']],
  ] as const) {
    it(`are used ${use} if the operator says so`, async () => {
      await using under = await startMirrored([serve], serve, { use });
      await under.pull().resolve('v1');
      await under.pull().resolve(digestOf(manifest));
      assert.deepEqual(
        urls(under.mirrors[0]),
        asked.map((name) => `/v2/cache/acme/plugin/manifests/${name}`),
      );
    });
  }

  it('see no push, nor what it asks for', async () => {
    await using under = await startMirrored([serve]);
    await under.push().resolve('v1');
    await under.pull().hasBlob(digestOf(layer));
    assert.deepEqual(urls(under.mirrors[0]), []);
    assert.equal(under.registry.requests.length, 2);
  });

  it('end with the signal of the caller', async () => {
    const controller = new AbortController();
    await using under = await startMirrored([() => controller.abort(new Error('enough'))]);
    await assert.rejects(under.pull().resolve('v1', { signal: controller.signal }), { message: 'enough' });
    assert.equal(under.registry.requests.length, 0);
  });
});

describe('blocked hosts', () => {
  const blocked = (prefix: string) => [{ prefix, source: '"/etc/a.json"', blocked: true }];

  it('R34 get no request: no pull, no push, no login', async () => {
    await using registry = await startHostileRegistry(serve);
    const configuration = createRegistriesConfiguration({ rules: blocked(registry.host) });
    await using under = createClientUnderTest({ configuration });
    const want = {
      kind: 'forbidden',
      code: 'registry-blocked',
      message: `${registry.host}/acme/plugin is blocked on this host by entry "${registry.host}" in "/etc/a.json"`,
    };
    const name = { domain: registry.host, path: 'acme/plugin' };
    assert.throws(() => under.client.repository(name), want);
    assert.throws(() => under.client.repository(name, 'pull,push'), want);
    await assert.rejects(under.client.logIn(registry.host, {}), { code: 'registry-blocked' });
    assert.equal(registry.requests.length, 0);
  });

  it('R34 get no request of a redirect either', async () => {
    await using target = await startHostileRegistry(serve);
    await using registry = await startHostileRegistry((request, response) => {
      response.writeHead(307, { location: `http://${target.host}${request.url}` }).end();
    });
    const configuration = createRegistriesConfiguration({ rules: blocked(target.host) });
    await using under = createClientUnderTest({ configuration });
    await assert.rejects(under.open(registry).openBlob(blobOf(layer)), { code: 'registry-blocked' });
    assert.equal(target.requests.length, 0);
  });

  it('R34 are no mirrors', async () => {
    await using under = await startMirrored([serve]);
    assert.ok(under.mirrors[0]);
    const rules: RegistryRule[] = [
      ...blocked(under.mirrors[0].host),
      {
        prefix: under.registry.host,
        source: 'test',
        mirrors: [{ place: parsePlace(under.mirrors[0].host), insecure: false, use: 'all' }],
      },
    ];
    await using other = createClientUnderTest({ configuration: createRegistriesConfiguration({ rules }) });
    await other.client.repository({ domain: under.registry.host, path: 'acme/plugin' }).resolve('v1');
    assert.equal(under.mirrors[0].requests.length, 0);
    assert.equal(under.registry.requests.length, 1);
  });
});

describe('another location', () => {
  it('is pulled from without the credentials for the name, and not pushed to', async () => {
    await using target = await startHostileRegistry(serve);
    await using named = await startHostileRegistry(serve);
    const rules = [{ prefix: named.host, source: 'test', location: parsePlace(`${target.host}/moved`) }];
    await using under = createClientUnderTest({ configuration: createRegistriesConfiguration({ rules }) });
    const name = { domain: named.host, path: 'acme/plugin' };
    const access = { credentials: { registryToken: 'secret' } };
    await under.client.repository(name, 'pull', access).resolve('v1');
    assert.deepEqual(urls(target), ['/v2/moved/acme/plugin/manifests/v1']);
    assert.equal(target.requests[0]?.headers.authorization, undefined);
    assert.deepEqual(urls(named), []);
    await under.client.repository(name, 'pull,push', access).resolve('v1');
    assert.deepEqual(urls(named), ['/v2/acme/plugin/manifests/v1']);
  });
});

describe('a configuration that changes', () => {
  it('holds for operations that begin afterwards', async () => {
    await using registry = await startHostileRegistry(serve);
    let configuration = createRegistriesConfiguration();
    await using under = createClientUnderTest({ configuration: () => configuration });
    const before = under.open(registry);
    configuration = createRegistriesConfiguration({
      rules: [{ prefix: registry.host, source: 'x', blocked: true }],
    });
    await before.resolve('v1');
    assert.throws(() => under.open(registry), { code: 'registry-blocked' });
  });
});
