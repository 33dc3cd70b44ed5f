/**
 * Ordinary images as plugins, with a real registry, unpack jail and Docker Engine: layers over layers, hostile ones, and the
 * classic form for Docker.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { unpackPlugin } from '@outboard/authoring';
import type { PluginEngine } from '@outboard/engine';
import { makeDaemonHome } from '../support/daemon.ts';
import { type DockerEngine, needsDockerEngine, startDockerEngine } from '../support/docker-engine.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { putBlob, putManifest, sha256 } from '../support/raw-registry.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { type TarEntryFields, tarArchive } from '../support/tar.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const ociConfig = 'application/vnd.oci.image.config.v1+json';
const ociLayer = 'application/vnd.oci.image.layer.v1.tar+gzip';
const label = JSON.stringify({
  description: 'made of an image',
  interface: { types: ['docker.volumedriver/1.0'], socket: 'p.sock' },
});

type Layer = readonly TarEntryFields[];

const compressed = new Map<string, Buffer>();

/** The same buffer for the same layer, which is then uploaded once. */
function compress(tar: Buffer): Buffer {
  const known = compressed.get(sha256(tar)) ?? gzipSync(tar, { level: 1 });
  compressed.set(sha256(tar), known);
  return known;
}

const layers: readonly Layer[] = [
  [
    { type: 'directory', name: 'bin', mtime: 1_600_000_000 },
    { name: 'bin/plugin', content: '#!/bin/plugin\n', mode: 0o4755, uid: 7, mtime: 1_600_000_000 },
    { type: 'hard-link', name: 'bin/same', linkName: 'bin/plugin' },
    { name: 'etc/gone', content: 'lower' },
    { name: 'etc/kept', content: 'kept' },
    { type: 'symlink', name: 'etc/link', linkName: '/etc/kept' },
  ],
  [
    { name: 'etc/.wh.gone', content: '' },
    { name: 'etc/new', content: 'upper', mode: 0o640 },
  ],
];

describe('images as plugins', { skip: needsRoot || needsDockerEngine }, () => {
  let registry: TestRegistry;
  let subject: TestEngine;
  let engine: PluginEngine;
  let docker: DockerEngine;
  let home: Awaited<ReturnType<typeof makeDaemonHome>>;

  before(async () => {
    registry = await startRegistry();
    subject = await openTestEngine();
    engine = subject.engine;
    home = await makeDaemonHome();
    docker = await startDockerEngine({ daemonHome: home.home, args: ['--insecure-registry', registry.host] });
  });
  after(async () => {
    await docker[Symbol.asyncDispose]();
    await subject[Symbol.asyncDispose]();
    await registry.stop();
    await home.remove();
  });

  /** Publish an image. @returns its reference and the digest of its manifest */
  async function publish(repository: string, given: readonly Layer[]) {
    const tars = given.map((entries) => tarArchive(entries));
    const config = Buffer.from(
      JSON.stringify({
        architecture: process.arch === 'x64' ? 'amd64' : process.arch,
        os: 'linux',
        config: {
          Entrypoint: ['/bin/plugin'],
          Env: ['PATH=/bin'],
          Labels: { 'io.outboard.plugin.config': label },
        },
        rootfs: { type: 'layers', diff_ids: tars.map(sha256) },
      }),
    );
    const blobs = tars.map(compress);
    for (const blob of new Set([config, ...blobs])) await putBlob(registry.host, repository, blob);
    const described = (mediaType: string, bytes: Buffer) => ({
      mediaType,
      digest: sha256(bytes),
      size: bytes.length,
    });
    const manifest = {
      schemaVersion: 2,
      mediaType: ociManifest,
      config: described(ociConfig, config),
      layers: blobs.map((blob) => described(ociLayer, blob)),
    };
    const bytes = Buffer.from(JSON.stringify(manifest));
    const digest = await putManifest(registry.host, repository, 'v1', { mediaType: ociManifest, bytes });
    return { reference: `${registry.host}/${repository}:v1`, digest };
  }

  const rootfsOf = (id: string, path: string) => join(subject.dataRoot, 'plugins', id, 'rootfs', path);

  it('installs one by its label, and pushes it back byte for byte', async () => {
    const { reference, digest } = await publish('images/labelled', layers);
    const privileges = await engine.privileges(reference);
    const plugin = await engine.pull({ remote: reference, privileges });
    assert.deepEqual(plugin.config.entrypoint, ['/bin/plugin']);
    await assert.rejects(stat(rootfsOf(plugin.id, 'etc/gone')), { code: 'ENOENT' });
    await engine.collectGarbage();
    await engine.push({ plugin: plugin.id });
    const answer = await fetch(`http://${registry.host}/v2/images/labelled/manifests/v1`, {
      headers: { Accept: ociManifest },
    });
    const hash = createHash('sha256').update(new Uint8Array(await answer.arrayBuffer()));
    assert.equal(`sha256:${hash.digest('hex')}`, digest);
  });

  it('flattens one, with owners, modes, links and times, to the same bytes each time', async () => {
    const { reference } = await publish('images/flat', layers);
    const first = await engine.createFromImage({ name: 'acme/first', image: reference });
    const second = await engine.createFromImage({ name: 'acme/second', image: reference });
    const [one, two] = await Promise.all([engine.status(first.id), engine.status(second.id)]);
    assert.equal(two.digest, one.digest);
    assert.match(String(one.digest), /^sha256:/);
    const program = await stat(rootfsOf(first.id, 'bin/plugin'));
    assert.deepEqual([program.mode & 0o7777, program.uid, program.nlink], [0o4755, 7, 2]);
    assert.equal(program.mtimeMs, 1_600_000_000_000);
    assert.equal(await readFile(rootfsOf(first.id, 'etc/new'), 'utf8'), 'upper');
  });

  it('makes a directory that Docker Engine creates the same plugin of', async () => {
    const { reference } = await publish('images/export', layers);
    const plugin = await engine.createFromImage({ name: 'acme/exported', image: reference });
    const directory = await mkdtemp(join(home.home, 'export-'));
    const deliver = async (archive: AsyncIterable<Buffer>) => void (await unpackPlugin(archive, directory));
    await engine.export({ plugin: plugin.id, deliver });
    await docker.docker.succeed('plugin', 'create', 'acme/exported', directory);
    const format = '{{json .Config.Entrypoint}} {{json .Config.Env}} {{.Config.Description}}';
    assert.equal(
      (await docker.docker.succeed('plugin', 'inspect', '--format', format, 'acme/exported')).trim(),
      '["/bin/plugin"] [{"Description":"","Name":"PATH","Settable":[],"Value":"/bin"}] made of an image',
    );
    await rm(directory, { recursive: true });
  });

  it('pushes a flattened one that Docker Engine installs', async () => {
    const { reference } = await publish('images/classic', layers);
    const name = `${registry.host}/images/pushed:v1`;
    const plugin = await engine.createFromImage({ name, image: reference });
    await engine.push({ plugin: plugin.id });
    await docker.docker.succeed('plugin', 'install', '--disable', '--grant-all-permissions', name);
    const inspected = await docker.docker.succeed(
      'plugin',
      'inspect',
      '--format',
      '{{.PluginReference}}',
      name,
    );
    assert.equal(inspected.trim(), name);
  });

  it('pushes a plugin with marked secrets, which Docker Engine takes for other settings with literal values', async () => {
    const name = `${registry.host}/images/secret:v1`;
    const Env = [{ Name: 'PIN', Description: '', Settable: ['value'], Value: '', Secret: true }];
    const plugin = await engine.create({ name, context: pluginContext({ config: { Env } }) });
    assert.equal(plugin.config.env?.[0]?.secret, true);
    await engine.push({ plugin: plugin.id });
    const flags = ['--disable', '--grant-all-permissions', '--alias', 'acme/secret'];
    await docker.docker.succeed('plugin', 'install', ...flags, name, 'PIN=@file:/run/pin');
    const format = '{{json .Config.Env}} {{json .Settings.Env}}';
    assert.equal(
      (await docker.docker.succeed('plugin', 'inspect', '--format', format, 'acme/secret')).trim(),
      '[{"Description":"","Name":"PIN","Settable":["value"],"Value":""}] ["PIN=@file:/run/pin"]',
    );
  });

  for (const [code, title, given, message] of [
    [
      'A19',
      'a whiteout of its root',
      [layers[0] ?? [], [{ name: '.wh..', content: '' }]],
      /names no entry to remove/,
    ],
    ['A01', 'a path that leaves it', [[{ name: '../../etc/passwd', content: 'x' }]], /"\.\."/],
    ['A13', 'a link to itself', [[{ type: 'hard-link', name: 'a', linkName: 'a' }]], /its own target/],
    ['R07', '129 layers', Array.from({ length: 129 }, () => layers[1] ?? []), /at most 128 layers/],
  ] as const) {
    it(`${code} refuses an image with ${title}, and keeps nothing`, async () => {
      const { reference } = await publish('images/hostile', given);
      const before = engine.list().length;
      await assert.rejects(engine.createFromImage({ name: 'acme/hostile', image: reference }), {
        kind: 'invalid',
        message,
      });
      assert.equal(engine.list().length, before);
    });
  }

  it('A03 keeps an image with links out of its root within it', async () => {
    const hostile: Layer = [
      { type: 'symlink', name: 'out', linkName: '../../../..' },
      { name: 'out/escaped', content: 'x' },
      { name: 'bin/plugin', content: '#!/bin/plugin\n', mode: 0o755 },
    ];
    const { reference } = await publish('images/links', [hostile]);
    const plugin = await engine.createFromImage({ name: 'acme/links', image: reference });
    assert.equal(await readFile(rootfsOf(plugin.id, 'escaped'), 'utf8'), 'x');
  });
});
