/**
 * The configuration of registries against real ones: pull-through caches, registries that demand certificates of their
 * clients, and both behind an HTTP proxy.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { pollUntil } from '@outboard/async';
import {
  createRegistryClient,
  digestHex,
  digestOf,
  isOutboardError,
  type LoadRegistriesOptions,
  loadRegistriesConfiguration,
  type RegistryClient,
} from '@outboard/oci';
import { createAuthority } from '@outboard/oci/testing';
import { startProxy, type TestProxy } from '../support/forward-proxy.ts';
import { registryPassword, startRegistry, type TestRegistry } from '../support/registry.ts';

const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';
const layer = Buffer.from('content of a layer');
const descriptor = {
  mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  digest: digestOf(layer),
  size: layer.length,
};
const manifest = Buffer.from(
  JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config: descriptor, layers: [descriptor] }),
);

let home: string;
let count = 0;
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'outboard-registries-'));
});
after(() => rm(home, { recursive: true }));

/** A client with these files of `registries.d` and of certificates, and no others. */
async function openClient(
  files: Readonly<Record<string, object | string>>,
  options: Partial<LoadRegistriesOptions> = {},
): Promise<RegistryClient> {
  count += 1;
  const directory = join(home, String(count));
  await mkdir(directory);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(directory, name, '..'), { recursive: true });
    await writeFile(join(directory, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  const configuration = await loadRegistriesConfiguration({
    registriesDirectory: join(directory, 'registries.d'),
    registriesConf: join(directory, 'registries.conf'),
    certificateDirectories: [join(directory, 'certs.d')],
    ...options,
  });
  const retry = { attempts: 2, baseDelayMs: 1, maxDelayMs: 1, maxIdleMs: 30_000 };
  return createRegistryClient({ configuration, userAgent: 'outboard-test', retry });
}

async function push(client: RegistryClient, domain: string, path = 'acme/plugin'): Promise<void> {
  const repository = client.repository({ domain, path }, 'pull,push');
  await repository.pushBlob(descriptor, async () => Readable.from([layer]));
  await repository.pushManifest('v1', { mediaType: manifestType, bytes: manifest });
}

async function pull(client: RegistryClient, domain: string, path = 'acme/plugin'): Promise<void> {
  const repository = client.repository({ domain, path });
  const { bytes } = await repository.resolve('v1');
  assert.deepEqual(bytes, manifest);
  assert.deepEqual(await repository.readBlob(descriptor, { maxBytes: 1000 }), layer);
}

describe('a pull-through cache of another registry', () => {
  it('is pulled from as a mirror, also when the registry itself is gone; pushes go to the registry', async () => {
    const origin = await startRegistry();
    const cache = await startRegistry({ cacheOf: `http://${origin.host}` });
    try {
      await using client = await openClient({
        'registries.d/a.json': { [origin.host]: { mirrors: [`http://${cache.host}`] } },
      });
      await push(client, origin.host);
      await pull(client, origin.host);
      // The cache stores what it has passed on afterwards.
      const stored = join(cache.directory, 'docker/registry/v2/repositories/acme/plugin/_layers/sha256');
      const link = join(stored, digestHex(descriptor.digest), 'link');
      assert.ok(await pollUntil(() => existsSync(link), { timeoutMs: 30_000 }));
      await origin.stop();
      await pull(client, origin.host);
    } finally {
      await cache.stop();
      await origin.stop();
    }
  });

  it('gets its own password from a file, and not the one for the registry', async () => {
    const origin = await startRegistry();
    const cache = await startRegistry({
      cacheOf: `http://${origin.host}`,
      auth: { username: 'cache', password: registryPassword },
    });
    try {
      const authFile = join(home, 'cache-auth.json');
      const auth = Buffer.from(`cache:${registryPassword}`).toString('base64');
      await writeFile(authFile, JSON.stringify({ auths: { [cache.host]: { auth } } }), { mode: 0o600 });
      const entry = { [origin.host]: { mirrors: [`http://${cache.host}`], location: 'unused.invalid' } };
      await using client = await openClient({
        'registries.d/a.json': { ...entry, [cache.host]: { 'auth-file': authFile } },
      });
      await push(client, origin.host);
      await pull(client, origin.host);
      await using stranger = await openClient({ 'registries.d/a.json': entry });
      await assert.rejects(pull(stranger, origin.host), /mirrors were tried before: .*401/);
    } finally {
      await cache.stop();
      await origin.stop();
    }
  });

  it("is read from Podman's file too, and the registry follows when the cache is gone", async () => {
    const origin = await startRegistry();
    const cache = await startRegistry({ cacheOf: `http://${origin.host}` });
    await cache.stop();
    try {
      await using client = await openClient({
        'registries.conf': `[[registry]]\nlocation = "${origin.host}"\n[[registry.mirror]]\nlocation = "${cache.host}"\n`,
      });
      await push(client, origin.host);
      await pull(client, origin.host);
    } finally {
      await origin.stop();
    }
  });
});

describe('a registry that demands certificates of its clients', () => {
  const authority = createAuthority('registry authority');
  const stranger = createAuthority('another authority');
  const clientCertificate = authority.issue({ commonName: 'client', usage: 'client' });
  const foreign = stranger.issue({ commonName: 'foreign', usage: 'client' });
  const server = authority.issue({
    commonName: 'registry.example',
    names: ['registry.example'],
    usage: 'server',
  });
  const name = 'registry.example:5000';
  const at = (file: string) => `certs.d/${name}/${file}`;
  const own = {
    [at('ca.crt')]: authority.certificate,
    [at('client.cert')]: clientCertificate.certificate,
    [at('client.key')]: clientCertificate.key,
  };
  let registry: TestRegistry;
  let proxy: TestProxy;

  before(async () => {
    registry = await startRegistry({ tls: { ...server, clientAuthority: authority.certificate } });
    proxy = await startProxy({ [name]: registry.host }, { login: 'user:p@ss' });
  });
  after(async () => {
    await proxy[Symbol.asyncDispose]();
    await registry.stop();
  });
  const through = (given: object = {}) => ({
    proxies: { httpsProxy: `http://user:p%40ss@${proxy.host}`, ...given },
  });

  it('R34 is reached through a proxy with the certificates of its directory', async () => {
    await using client = await openClient(own, through());
    await push(client, name);
    await pull(client, name);
    assert.deepEqual([...new Set(proxy.requests)], [`CONNECT ${name}`]);
    assert.deepEqual(await client.logIn(name, {}), { identityToken: '' });
  });

  it('R34 gets the pair that it accepts, of several', async () => {
    const pairs = { ...own, [at('a.cert')]: foreign.certificate, [at('a.key')]: foreign.key };
    await using client = await openClient(pairs, through());
    await push(client, name);
  });

  it('R34 is reached with the files that an entry names', async () => {
    const directory = join(home, 'named');
    await mkdir(directory);
    const write = async (file: string, text: string) => {
      await writeFile(join(directory, file), text);
      return join(directory, file);
    };
    const entry = {
      ca: await write('ca.pem', authority.certificate),
      'client-certificate': await write('cert.pem', clientCertificate.certificate),
      'client-key': await write('key.pem', clientCertificate.key),
    };
    await using client = await openClient({ 'registries.d/a.json': { [name]: entry } }, through());
    await push(client, name);
  });

  it('R34 refuses a client without one, and the error names the directory', async () => {
    await using client = await openClient({ [at('ca.crt')]: authority.certificate }, through());
    await assert.rejects(pull(client, name), (error) => {
      assert.ok(isOutboardError(error, 'unavailable'), String(error));
      assert.match(
        error.message,
        /may require a client certificate; put one with its key in .*\/certs.d\/registry.example:5000\/client.cert/,
      );
      return true;
    });
  });

  it('R34 is refused without its authority, through a proxy as well', async () => {
    const { [at('ca.crt')]: _, ...withoutAuthority } = own;
    await using client = await openClient(withoutAuthority, through());
    await assert.rejects(
      pull(client, name),
      /authority that this host does not trust; put that authority's certificate in .*ca\.crt/,
    );
  });

  const wrong = [
    ['no', '', /requires a user name and password; write them into the setting of the proxy/],
    ['another', 'user:hunter2@', /does not accept the user name and password/],
  ] as const;
  for (const [which, login, message] of wrong) {
    it(`is not blamed when the proxy wants ${which} password`, async () => {
      await using client = await openClient(own, through({ httpsProxy: `http://${login}${proxy.host}` }));
      const before = proxy.requests.length;
      await assert.rejects(pull(client, name), (error) => {
        assert.ok(isOutboardError(error, 'forbidden'), String(error));
        assert.ok(
          error.message.startsWith(
            `the proxy http://${proxy.host} refused to connect to ${name} with status 407: it `,
          ),
        );
        assert.match(error.message, message);
        assert.doesNotMatch(JSON.stringify([error.stack, error.details]), /hunter2/);
        return true;
      });
      assert.equal(proxy.requests.length, before + 1); // a refused password is not sent again
    });
  }

  it('is not reached through a proxy that does not know it, and the proxy is named', async () => {
    await using client = await openClient({}, through());
    await assert.rejects(
      pull(client, 'other.example'),
      /^OutboardError: the proxy .* refused to connect to other.example:443 with status 403: it does not permit this host/,
    );
  });

  it('is asked for directly where no-proxy says so', async () => {
    await using client = await openClient(own, through({ noProxy: '.example' }));
    const before = proxy.requests.length;
    await assert.rejects(pull(client, name), /host "registry\.example" cannot be resolved/);
    assert.equal(proxy.requests.length, before);
  });

  it('is reached through a proxy with TLS, whose authority is in its own directory', async () => {
    const certificate = authority.issue({ commonName: 'proxy', names: ['127.0.0.1'], usage: 'server' });
    await using secure = await startProxy({ [name]: registry.host }, { tls: certificate });
    const files = { ...own, [`certs.d/${secure.host}/ca.crt`]: authority.certificate };
    await using client = await openClient(files, through({ httpsProxy: `https://${secure.host}` }));
    await push(client, name);
    await using stranger = await openClient(own, through({ httpsProxy: `https://${secure.host}` }));
    await assert.rejects(pull(stranger, name), /the proxy https:.* cannot be used: .*certificate/);
  });

  it('R10 may not lead through the proxy to link-local addresses', async () => {
    const redirecting = createServer((_incoming, response) => {
      response.writeHead(307, { location: 'https://169.254.169.254/x' }).end();
    });
    await once(redirecting.listen(0, '127.0.0.1'), 'listening');
    const { port } = redirecting.address() as AddressInfo; // a TCP server that listens has one
    await using plain = await startProxy({ 'plain.example': `127.0.0.1:${port}` });
    await using client = await openClient(
      { 'registries.d/a.json': { 'plain.example': { 'plain-http': true } } },
      { proxies: { httpProxy: `http://${plain.host}`, httpsProxy: `http://${plain.host}` } },
    );
    await assert.rejects(pull(client, 'plain.example'), /refusing the redirect .*link-local/);
    assert.ok(plain.requests.every((line) => line.startsWith('GET http://plain.example/v2/')));
    redirecting.close();
  });
});

describe('a registry in plain HTTP behind a proxy', () => {
  let registry: TestRegistry;
  before(async () => {
    registry = await startRegistry();
  });
  after(() => registry.stop());

  it('is asked for with its whole URL', async () => {
    const name = 'plain.example:5000';
    await using proxy = await startProxy({ [name]: registry.host }, { login: 'u:p' });
    await using client = await openClient(
      { 'registries.d/a.json': { [name]: { 'plain-http': true } } },
      { proxies: { httpProxy: `u:p@${proxy.host}` } },
    );
    await push(client, name);
    await pull(client, name);
    assert.ok(
      proxy.requests.includes(`GET http://${name}/v2/acme/plugin/manifests/v1`),
      proxy.requests.join(),
    );
    await using refused = await openClient(
      { 'registries.d/a.json': { [name]: { 'plain-http': true } } },
      { proxies: { httpProxy: proxy.host } },
    );
    await assert.rejects(
      pull(refused, name),
      /^OutboardError: the proxy .* refused with status 407: it requires a user name/,
    );
  });

  it('on this machine is never asked for through it', async () => {
    await using proxy = await startProxy({});
    const through = { proxies: { httpProxy: proxy.host, httpsProxy: proxy.host } };
    await using client = await openClient({}, through);
    await push(client, registry.host);
    assert.deepEqual(proxy.requests, []);
  });
});

describe('a registry on this machine with a self-signed certificate', () => {
  it('R34 needs no setting', async () => {
    const authority = createAuthority('nobody knows');
    const registry = await startRegistry({
      tls: authority.issue({ commonName: 'any', names: ['other.example'], usage: 'server' }),
    });
    try {
      await using client = await openClient({});
      await push(client, registry.host);
      await pull(client, registry.host.replace('127.0.0.1', 'localhost'));
    } finally {
      await registry.stop();
    }
  });
});
