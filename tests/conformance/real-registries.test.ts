/**
 * The real docker-registry (distribution 2.8) as people run it: open, with passwords, with a token server, with TLS of a
 * private authority, and as a cache of another one. `outboard check-registry` examines each, and a plugin is installed.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { examineRegistry, type RegistryFinding } from '@outboard/authoring';
import {
  copyArtifact,
  createRegistryClient,
  parseReference,
  type RegistryAccess,
  type RegistryClientOptions,
  type RepositoryActions,
} from '@outboard/oci';
import { createAuthority } from '@outboard/oci/testing';
import { outboard } from '../support/outboard-program.ts';
import {
  registryPassword,
  startRegistry,
  type TestRegistry,
  type TestRegistryOptions,
} from '../support/registry.ts';
import { startTokenServer, type TokenServer, tokenAccount } from '../support/token-server.ts';

const account = { username: 'gordon', password: registryPassword };
const authority = createAuthority('private authority');
const identity = authority.issue({ commonName: 'registry', names: ['127.0.0.1'] });

const emptyIndex = {
  mediaType: 'application/vnd.oci.image.index.v1+json',
  bytes: Buffer.from(
    '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}',
  ),
};

let home = '';
let tokens: TokenServer;

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'outboard-registries-'));
  tokens = await startTokenServer();
});
after(async () => {
  await tokens?.stop();
  await rm(home, { recursive: true });
});

/** Examine a repository of a registry. @returns the findings that fail, without their last words */
async function examine(host: string, access: RegistryAccess, options: RegistryClientOptions = {}) {
  await using client = createRegistryClient({ trustedRealms: trustedBy(host), ...options });
  const repository = client.repository(parseReference(`${host}/acme/check`), 'pull,push,delete', access);
  const findings: RegistryFinding[] = [];
  for await (const finding of examineRegistry(repository)) findings.push(finding);
  assert.equal(findings.length, 10);
  return findings.filter(({ works }) => !works);
}

/** The token server has a port of its own, which an operator has to allow. */
function trustedBy(registry: string) {
  return [{ registry, realm: new URL(tokens.facts.realm).host }];
}

/** Certificates where Docker, Podman and Outboard look for them. */
async function certificatesFor(host: string): Promise<string> {
  const directory = join(home, `certs-${host}`);
  await mkdir(join(directory, host), { recursive: true });
  await writeFile(join(directory, host, 'ca.crt'), authority.certificate);
  return directory;
}

const variants: readonly (readonly [string, () => TestRegistryOptions, RegistryAccess])[] = [
  ['open', () => ({}), {}],
  ['with passwords', () => ({ auth: account }), { credentials: account }],
  ['with a token server', () => ({ tokens: tokens.facts }), { credentials: tokenAccount }],
  ['with TLS of a private authority', () => ({ tls: identity }), {}],
  ['with TLS and passwords', () => ({ tls: identity, auth: account }), { credentials: account }],
];

describe('docker-registry takes plugins in every form', () => {
  for (const [name, options, access] of variants) {
    it(name, async (t) => {
      const registry = await startRegistry(options());
      t.after(registry.stop);
      const certificateDirectories = [await certificatesFor(registry.host)];
      assert.deepEqual(await examine(registry.host, access, { certificateDirectories }), []);
    });
  }

  it('and a client without credentials, or with wrong ones, is told so', async (t) => {
    for (const [options, access] of [
      [{ auth: account }, {}],
      [{ auth: account }, { credentials: { username: 'gordon', password: 'wrong' } }],
      [{ tokens: tokens.facts }, {}],
      [{ tokens: tokens.facts }, { credentials: { username: 'gordon', password: 'wrong' } }],
    ] as const) {
      const registry = await startRegistry(options);
      t.after(registry.stop);
      const [first] = await examine(registry.host, access);
      assert.equal(first?.ability, 'upload a layer');
      assert.match(first.detail, /401|unauthorized|authentication|log in/i);
      assert.doesNotMatch(first.detail, /wrong/);
    }
  });
});

it('a cache of another registry serves what that has, and takes no pushes', async (t) => {
  const upstream = await startRegistry();
  t.after(upstream.stop);
  const cache = await startRegistry({ cacheOf: `http://${upstream.host}` });
  t.after(cache.stop);
  assert.deepEqual(await examine(upstream.host, {}), []);

  await using client = createRegistryClient();
  const at = (host: string, actions: RepositoryActions) =>
    client.repository(parseReference(`${host}/acme/p`), actions);
  const digest = await at(upstream.host, 'pull,push').pushManifest('v1', emptyIndex);
  assert.equal((await at(cache.host, 'pull').resolve('v1')).descriptor.digest, digest);

  const [first] = await examine(cache.host, {});
  assert.equal(first?.ability, 'upload a layer');
  assert.match(first.detail, /405|unsupported/i);
});

describe('outboard check-registry', () => {
  let registry: TestRegistry;
  before(async () => {
    registry = await startRegistry({ auth: account });
  });
  after(() => registry?.stop());

  it('uses the credentials of docker, prints each finding, and leaves nothing', async () => {
    const auth = Buffer.from(`${account.username}:${account.password}`).toString('base64');
    await writeFile(join(home, 'auth.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }), {
      mode: 0o600,
    });
    const args = ['check-registry', '--authfile', join(home, 'auth.json'), `${registry.host}/acme/check`];
    const { code, err, out } = await outboard(args, { cwd: home });
    assert.equal(err, '');
    assert.equal(code, 0);
    assert.deepEqual(out.trimEnd().split('\n'), [
      'works  upload a layer',
      'works  push a plugin as Docker does',
      'works  push a plugin as an OCI manifest',
      'works  push a plugin as an image with a label',
      'works  push an index of several platforms',
      'works  push a manifest list of several platforms',
      'works  resume a download',
      'works  list tags',
      'works  attach a signature',
      'works  delete what was pushed',
    ]);
    await using client = createRegistryClient();
    const repository = client.repository(parseReference(`${registry.host}/acme/check`), 'pull', {
      credentials: account,
    });
    const tags: string[] = [];
    for await (const tag of repository.listTags()) tags.push(tag);
    assert.deepEqual(tags, []);
  });

  it('exits with 1 where no plugin can be kept, and says why', async () => {
    const args = ['check-registry', '--format', 'json', `${registry.host}/acme/check`];
    const { code, out } = await outboard(args, { cwd: home, env: { HOME: home, DOCKER_CONFIG: home } });
    assert.equal(code, 1);
    const [first] = JSON.parse(out);
    assert.equal(first.works, false);
    assert.match(first.detail, /acme\/check|401/);
  });

  it('refuses wrong words', async () => {
    for (const args of [
      ['check-registry'],
      ['check-registry', 'X Y'],
      ['check-registry', '--format', 'xml', 'a/b'],
    ]) {
      const { code, err } = await outboard(args, { cwd: home });
      assert.notEqual(code, 0);
      assert.match(err, /check-registry|reference|format/);
    }
  });
});

it('an artifact goes from a registry with TLS into one with a token server', async (t) => {
  const source = await startRegistry({ tls: identity });
  t.after(source.stop);
  const target = await startRegistry({ tokens: tokens.facts });
  t.after(target.stop);
  await using client = createRegistryClient({
    certificateDirectories: [await certificatesFor(source.host)],
    trustedRealms: trustedBy(target.host),
  });
  const from = client.repository(parseReference(`${source.host}/acme/p`), 'pull,push');
  await from.pushManifest('v1', emptyIndex);
  const to = client.repository(parseReference(`${target.host}/acme/p`), 'pull,push', {
    credentials: tokenAccount,
  });
  const { descriptor } = await copyArtifact(from, to, 'v1');
  assert.equal((await to.resolve('v1')).descriptor.digest, descriptor.digest);
  assert.ok(tokens.issued.some((scopes) => scopes.some((scope) => scope.includes('acme/p'))));
});
