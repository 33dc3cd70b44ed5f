/**
 * Configs that would reach the host behind harmless privileges. They are refused before any of their content is stored,
 * from an upload as well as from a registry.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { checkDataRoot } from '../support/data-root.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { type ConfigDocument, pluginConfigDocument } from '../support/plugin-fixture.ts';
import { putBlob, putManifest, sha256 } from '../support/raw-registry.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const skip = needsRoot;
let opened: TestEngine;
let registry: TestRegistry;

before(async () => {
  if (skip !== false) return;
  registry = await startRegistry();
  opened = await openTestEngine();
});

after(async () => {
  await opened?.[Symbol.asyncDispose]();
  await registry?.stop();
});

function mount(Type: string, Options: readonly string[] | null, Destination = '/p'): ConfigDocument {
  return {
    Mounts: [{ Name: 'm', Description: '', Source: 'none', Destination, Type, Options, Settable: null }],
  };
}

function socket(Socket: string): ConfigDocument {
  return { Interface: { Types: ['docker.volumedriver/1.0'], Socket } };
}

const cases: readonly (readonly [title: string, config: ConfigDocument, field: RegExp])[] = [
  ['I01 a mount of type proc', mount('proc', null), /Type/],
  ['I01 a mount of type overlay', mount('overlay', ['lowerdir=/etc:/usr']), /Type/],
  ['I01 a mount of type sysfs', mount('sysfs', ['rw']), /Type/],
  ['I01 a mount of type ext4', mount('ext4', null), /Type/],
  ['I01 a mount without type that is not a bind', mount('', null), /Type/],
  ['I02 a bind that changes a mount', mount('bind', ['rbind', 'remount']), /Options/],
  ['I02 an option that only looks like another', mount('bind', ['rbind', 'ro\u200b']), /Options/],
  ['I02 options of an overlay without bind', mount('overlay', ['ro', 'lowerdir=/etc']), /Type/],
  ['I02 a tmpfs with devices', mount('tmpfs', ['dev']), /Options/],
  ['I04 a mount over /proc', mount('bind', ['rbind'], '/proc/self'), /Destination/],
  ['I04 a mount destination with ".."', mount('bind', ['rbind'], '/p/../proc'), /Destination/],
  [
    'I04 a mount below the socket directory',
    mount('bind', ['rbind'], '/run/docker/plugins/x'),
    /Destination/,
  ],
  ['I07 a WorkDir below /proc', { WorkDir: '/proc/self/fd/7' }, /WorkDir/],
  ['I07 a relative WorkDir', { WorkDir: 'work' }, /WorkDir/],
  ['I07 a WorkDir with ".."', { WorkDir: '/work/../proc' }, /WorkDir/],
  ['I08 a socket with ".."', socket('../../x.sock'), /Socket/],
  ['I08 an absolute socket', socket('/run/docker.sock'), /Socket/],
  ['I08 a socket in a subdirectory', socket('a/b.sock'), /Socket/],
  ['I08 a socket that is the parent directory', socket('..'), /Socket/],
  ['I08 a socket with NUL', socket('a\0b'), /Socket|NUL/],
  ['I08 a socket of 200 bytes', socket('s'.repeat(200)), /Socket/],
  ['I11 a propagated mount with ".."', { PropagatedMount: '/mnt/../proc' }, /PropagatedMount/],
  ['I11 a propagated mount on the root', { PropagatedMount: '/' }, /PropagatedMount/],
];

for (const [index, [title, config, field]] of cases.entries()) {
  test(`${title} is refused, at create and at pull`, { skip }, async () => {
    const { engine, dataRoot } = opened;
    const refusal = { kind: 'invalid', message: field };
    await assert.rejects(engine.create({ name: 'hostile', context: pluginContext({ config }) }), refusal);
    const remote = await publishRaw(`acme/hostile${index}`, config);
    await assert.rejects(engine.privileges(remote), refusal);
    await assert.rejects(engine.pull({ remote, privileges: [] }), refusal);
    assert.deepEqual(checkDataRoot(dataRoot), { plugins: [], blobs: [] });
  });
}

/** Push a plugin with one empty layer. @returns its reference */
async function publishRaw(repository: string, changes: ConfigDocument): Promise<string> {
  const { host } = registry;
  const config = Buffer.from(JSON.stringify(pluginConfigDocument(changes)));
  const layer = Buffer.alloc(1024);
  for (const blob of [config, layer]) await putBlob(host, repository, blob);
  const describe = (mediaType: string, bytes: Buffer) => ({
    mediaType,
    size: bytes.length,
    digest: sha256(bytes),
  });
  const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: describe('application/vnd.docker.plugin.v1+json', config),
    layers: [describe('application/vnd.docker.image.rootfs.diff.tar.gzip', layer)],
  };
  await putManifest(host, repository, 'v1', { mediaType, bytes: Buffer.from(JSON.stringify(manifest)) });
  return `${host}/${repository}:v1`;
}
