/**
 * Plugins in every format that registries hold, through a real registry: they install, are pushed again byte for byte, and in
 * Docker's format Docker Engine installs them. Builds of several platforms under one tag.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { PluginEngine } from '@outboard/engine';
import { hostPlatform } from '@outboard/oci';
import { makeDaemonHome } from '../support/daemon.ts';
import { needsDockerEngine, startDockerEngine } from '../support/docker-engine.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { putBlob, putManifest, sha256 } from '../support/raw-registry.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { type TarEntryFields, tarArchive } from '../support/tar.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const docker = 'application/vnd.docker';
const oci = 'application/vnd.oci.image';
const dockerManifest = `${docker}.distribution.manifest.v2+json`;
const dockerGzip = `${docker}.image.rootfs.diff.tar.gzip`;
const ociManifest = `${oci}.manifest.v1+json`;

/** A zstd frame of one block that is not compressed. @see RFC 8878, section 3.1.1 */
function zstdFrame(bytes: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(0xfd2fb528);
  head[4] = 0xa0; // the content size has four bytes and is the window
  head.writeUInt32LE(bytes.length, 5);
  head.writeUIntLE((bytes.length << 3) | 1, 9, 3);
  return Buffer.concat([head, bytes]);
}

const lower: readonly TarEntryFields[] = [
  { type: 'directory', name: 'dir' },
  { name: 'dir/old', content: 'old' },
  { name: 'gone', content: 'gone' },
  { name: 'kept', content: 'kept' },
];
/** With what AUFS left in the layers of old engines. */
const upper: readonly TarEntryFields[] = [
  { type: 'directory', name: '.wh..wh.plnk' },
  { name: '.wh..wh.plnk/12.34', content: 'linked' },
  { name: '.wh..wh.aufs' },
  { type: 'directory', name: '.wh..wh.orph' },
  { type: 'hard-link', name: 'linked', linkName: '.wh..wh.plnk/12.34' },
  { name: '.wh.gone' },
  { name: 'dir/.wh..wh..opq' },
  { name: 'dir/new', content: 'new' },
];
const tree = { dir: ['new'], '.': ['dir', 'kept', 'linked'] };

/** Manifests with media type, layers and indentation. */
const published: Readonly<
  Record<
    string,
    {
      readonly type: string;
      readonly layers: readonly (readonly [string, Buffer])[];
      readonly space?: number;
    }
  >
> = {
  gzip: {
    type: dockerManifest,
    layers: [lower, upper].map((entries) => [dockerGzip, gzipSync(tarArchive(entries))] as const),
    space: 5,
  },
  plain: {
    type: ociManifest,
    layers: [lower, upper].map((entries) => [`${oci}.layer.v1.tar`, tarArchive(entries)] as const),
    space: 1,
  },
  zstd: {
    type: ociManifest,
    layers: [lower, upper].map(
      (entries) => [`${oci}.layer.v1.tar+zstd`, zstdFrame(tarArchive(entries))] as const,
    ),
  },
  mislabelled: {
    type: dockerManifest,
    layers: [
      [dockerGzip, zstdFrame(tarArchive(lower))],
      [dockerGzip, tarArchive(upper)],
    ],
  },
};

const config = Buffer.from(
  JSON.stringify({
    Description: 'a plugin in a format',
    Interface: { Types: ['docker.volumedriver/1.0'], Socket: 'p.sock' },
    Entrypoint: ['/kept'],
    Linux: { Capabilities: null, AllowAllDevices: false, Devices: null },
    rootfs: { type: 'layers', diff_ids: [lower, upper].map((entries) => sha256(tarArchive(entries))) },
  }),
);

describe('formats of plugins', () => {
  let registry: TestRegistry;
  let subject: TestEngine;
  let engine: PluginEngine;

  before(async () => {
    registry = await startRegistry();
    subject = await openTestEngine();
    engine = subject.engine;
    for (const [tag, { type, layers, space }] of Object.entries(published)) {
      for (const bytes of [config, ...layers.map(([, layer]) => layer)])
        await putBlob(registry.host, 'formats', bytes);
      const describe = (mediaType: string, bytes: Buffer) => ({
        mediaType,
        size: bytes.length,
        digest: sha256(bytes),
      });
      const manifest = {
        layers: layers.map(([mediaType, layer]) => describe(mediaType, layer)),
        config: describe(`${docker}.plugin.v1+json`, config),
        mediaType: type,
        schemaVersion: 2,
      };
      const bytes = Buffer.from(`${JSON.stringify(manifest, undefined, space)}\n`);
      await putManifest(registry.host, 'formats', tag, { mediaType: type, bytes });
    }
  });
  after(async () => {
    await subject?.[Symbol.asyncDispose]();
    await registry?.stop();
  });

  async function resolve(repository: string, tag: string) {
    const accept = [dockerManifest, ociManifest, `${docker}.distribution.manifest.list.v2+json`].join(', ');
    const answer = await fetch(`http://${registry.host}/v2/${repository}/manifests/${tag}`, {
      headers: { Accept: accept },
    });
    assert.equal(answer.status, 200, `${repository}:${tag}`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    return { digest: sha256(bytes), document: JSON.parse(bytes.toString()) };
  }

  const install = (tag: string, name: string) =>
    engine.pull({ remote: `${registry.host}/formats:${tag}`, privileges: [], name });

  function assertTree(id: string) {
    const root = join(subject.dataRoot, 'plugins', id, 'rootfs');
    for (const [path, names] of Object.entries(tree))
      assert.deepEqual(readdirSync(join(root, path)).sort(), names, path);
    assert.equal(readFileSync(join(root, 'linked'), 'utf8'), 'linked');
  }

  for (const tag of Object.keys(published)) {
    it(`A21 A22 A41 installs ${tag} layers, and pushes the same manifest after a restart`, async () => {
      const { id, name } = await install(tag, `${registry.host}/copy/${tag}:v1`);
      assertTree(id);
      engine = await subject.reopen();
      await engine.collectGarbage();
      await engine.push({ plugin: name });
      assert.equal((await resolve(`copy/${tag}`, 'v1')).digest, (await resolve('formats', tag)).digest);
    });
  }

  it('pushes the version that is installed after an upgrade and a roll-back', async () => {
    const name = `${registry.host}/copy/changed:v1`;
    const { id } = await install('zstd', name);
    await engine.upgrade({ plugin: id, remote: `${registry.host}/formats:gzip`, privileges: [] });
    for (const [tag, change] of [
      ['gzip', async () => undefined],
      ['zstd', () => engine.rollback(id)],
    ] as const) {
      await change();
      await engine.collectGarbage();
      await engine.push({ plugin: id });
      assert.equal((await resolve('copy/changed', 'v1')).digest, (await resolve('formats', tag)).digest);
      assertTree(id);
    }
  });

  it('pushes what Docker Engine installs in its format', { skip: needsDockerEngine }, async () => {
    const { home, remove } = await makeDaemonHome();
    const { docker: cli, ...dockerEngine } = await startDockerEngine({ daemonHome: home });
    try {
      for (const tag of ['zstd', 'mislabelled']) {
        const name = `${registry.host}/docker/${tag}:v1`;
        await install(tag, name);
        await engine.push({ plugin: name, format: 'docker' });
        const { document } = await resolve(`docker/${tag}`, 'v1');
        assert.equal(document.mediaType, dockerManifest);
        for (const { mediaType } of document.layers) assert.equal(mediaType, dockerGzip);
        await cli.succeed('plugin', 'install', '--grant-all-permissions', '--disable', name);
        const shown = await cli.succeed('plugin', 'inspect', '-f', '{{.Config.Description}}', name);
        assert.equal(shown.trim(), 'a plugin in a format');
      }
    } finally {
      await dockerEngine[Symbol.asyncDispose]();
      await remove();
    }
  });

  it('R06 pushes builds for several platforms under one tag, beside tags of their own', async () => {
    const own = hostPlatform().architecture;
    const other = own === 's390x' ? 'riscv64' : 's390x';
    const repository = `${registry.host}/acme/p`;
    for (const architecture of [own, other]) {
      const name = `${repository}:v1-${architecture}`;
      const entries = [{ name: 'architecture', content: architecture }];
      await engine.create({ name, context: pluginContext({ entries, config: { Entrypoint: ['/mnt/p'] } }) });
      await engine.push({ plugin: name });
    }
    const build = (architecture: string) => ({
      plugin: `${repository}:v1-${architecture}`,
      platform: `linux/${architecture}`,
    });
    await engine.push({ plugin: `${repository}:v1`, platforms: [build(other)] });
    const remote = `${repository}:v1`;
    const reject = { kind: 'not-found', message: new RegExp(`it offers "linux/${other}"$`) };
    await assert.rejects(engine.privileges(remote), reject);
    await engine.push({ plugin: remote, platforms: [build(own)], append: true });
    const { document, digest } = await resolve('acme/p', 'v1');
    assert.equal(document.manifests.length, 2);
    for (const [architecture, platform] of [
      [own, undefined],
      [other, `linux/${other}`],
    ] as const) {
      const privileges = await engine.privileges(remote, { platform });
      const { id } = await engine.pull({ remote, privileges, platform, name: `acme/${architecture}` });
      const file = join(subject.dataRoot, 'plugins', id, 'rootfs', 'architecture');
      assert.equal(readFileSync(file, 'utf8'), architecture);
      const status = await engine.status(id);
      assert.deepEqual([status.platform, status.indexDigest], [`linux/${architecture}`, digest]);
      assert.equal(status.digest, (await resolve('acme/p', `v1-${architecture}`)).digest);
    }
  });
});
