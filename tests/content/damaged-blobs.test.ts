/**
 * Stored blobs that were changed on disk: detected on every use, set aside, and fetched again.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { mediaTypes } from '@outboard/oci';
import pino from 'pino';
import { checkDataRoot } from '../support/data-root.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { pluginConfigDocument } from '../support/plugin-fixture.ts';
import { putBlob, putManifest } from '../support/raw-registry.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { type RegistryProxy, startRegistryProxy } from '../support/registry-proxy.ts';
import { tarArchive } from '../support/tar.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const file = randomBytes(300_000);
const layer = tarArchive([
  { type: 'directory', name: 'run' },
  { type: 'directory', name: 'run/docker' },
  { type: 'directory', name: 'run/docker/plugins' },
  { type: 'directory', name: 'proc' },
  { type: 'directory', name: 'sys' },
  { type: 'directory', name: 'dev' },
  { name: 'plugin', content: '#!/bin/true\n', mode: 0o755 },
  { name: 'data', content: file },
]);

interface Place {
  readonly engine: TestEngine['engine'];
  readonly dataRoot: string;
  readonly proxy: RegistryProxy;
  readonly logged: () => readonly Record<string, unknown>[];
}

describe('a damaged blob in the store', { skip: needsRoot }, () => {
  let registry: TestRegistry;
  before(async () => {
    registry = await startRegistry();
    const config = Buffer.from(JSON.stringify({ ...pluginConfigDocument(), Entrypoint: ['/plugin'] }));
    const described = async (mediaType: string, bytes: Buffer) => ({
      mediaType,
      digest: await putBlob(registry.host, 'acme/plain', bytes),
      size: bytes.length,
    });
    const manifest = {
      schemaVersion: 2,
      mediaType: mediaTypes.dockerManifest,
      config: await described(mediaTypes.dockerPluginConfig, config),
      layers: [await described(mediaTypes.dockerLayer, layer)],
    };
    const bytes = Buffer.from(JSON.stringify(manifest));
    await putManifest(registry.host, 'acme/plain', 'v1', { mediaType: mediaTypes.dockerManifest, bytes });
  });
  after(() => registry?.stop());

  async function open(context: TestContext): Promise<Place> {
    const lines: Record<string, unknown>[] = [];
    const logger = pino({ level: 'error' }, { write: (line) => lines.push(JSON.parse(line)) });
    const opened = await openTestEngine({ logger });
    context.after(() => opened[Symbol.asyncDispose]());
    const proxy = await startRegistryProxy(registry.host);
    context.after(() => proxy.stop());
    return { engine: opened.engine, dataRoot: opened.dataRoot, proxy, logged: () => lines };
  }

  /** Install the plugin with the plain layer. @returns the digests of manifest, config and layer */
  async function install({ engine, dataRoot, proxy }: Place, name: string) {
    const remote = `${proxy.host}/acme/plain:v1`;
    const privileges = await engine.privileges(remote);
    await engine.pull({ remote, name, privileges });
    const blobs = checkDataRoot(dataRoot).plugins[0]?.blobs ?? [];
    return { remote, privileges, blobs };
  }

  const storage = (dataRoot: string, ...names: string[]) => join(dataRoot, 'plugins', 'storage', ...names);
  const blobPath = (dataRoot: string, digest = '') =>
    storage(dataRoot, 'blobs', 'sha256', digest.replace('sha256:', ''));

  /** Flip one bit in the content of the layer's last file. */
  function flipBit(path: string): void {
    const bytes = readFileSync(path);
    const at = Math.floor(bytes.length / 2);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    writeFileSync(path, bytes);
  }

  function dataOf(dataRoot: string, name: string): Buffer {
    const plugin = checkDataRoot(dataRoot).plugins.find((each) => each.name === `${name}:latest`);
    return readFileSync(join(plugin?.rootfs ?? '', 'data'));
  }

  it('is fetched again by the next pull that shares it, and logged', async (context) => {
    const place = await open(context);
    const { engine, dataRoot, proxy, logged } = place;
    const { remote, privileges, blobs } = await install(place, 'one');
    const [, , digest = ''] = blobs;
    flipBit(blobPath(dataRoot, digest));
    await engine.pull({ remote, name: 'two', privileges });
    assert.ok(dataOf(dataRoot, 'two').equals(file), 'the root filesystem is damaged');
    assert.equal(proxy.fetched.filter((each) => each === digest).length, 2);
    const [setAside = ''] = readdirSync(storage(dataRoot, 'damaged'));
    assert.ok(setAside.startsWith(digest.replace('sha256:', '')));
    const [line] = logged();
    assert.equal(line?.digest, digest);
    assert.equal(line?.path, blobPath(dataRoot, digest));
    assert.equal(line?.setAside, storage(dataRoot, 'damaged', setAside));
  });

  it('is fetched again by an upgrade', async (context) => {
    const place = await open(context);
    const { engine, dataRoot } = place;
    const { remote, privileges, blobs } = await install(place, 'one');
    flipBit(blobPath(dataRoot, blobs[2]));
    await engine.upgrade({ plugin: 'one', remote, privileges });
    assert.ok(dataOf(dataRoot, 'one').equals(file));
  });

  for (const [index, what] of ['manifest', 'config', 'layer'].entries()) {
    it(`is fetched again by a push elsewhere: a ${what}`, async (context) => {
      const place = await open(context);
      const { engine, dataRoot } = place;
      const copy = `${registry.host}/copies/${what}:v1`;
      const { blobs } = await install(place, copy);
      flipBit(blobPath(dataRoot, blobs[index]));
      await engine.push({ plugin: copy });
      checkDataRoot(dataRoot);
      const other = await openTestEngine();
      context.after(() => other[Symbol.asyncDispose]());
      const privileges = await other.engine.privileges(copy);
      await other.engine.pull({ remote: copy, name: 'copy', privileges });
      assert.ok(dataOf(other.dataRoot, 'copy').equals(file));
    });
  }

  it('is fetched again after it was deleted', async (context) => {
    const place = await open(context);
    const copy = `${registry.host}/copies/again:v1`;
    const { blobs } = await install(place, copy);
    for (const digest of blobs) flipBit(blobPath(place.dataRoot, digest));
    await place.engine.push({ plugin: copy });
    checkDataRoot(place.dataRoot);
  });

  it('without a copy in any registry fails a push, with its digest and path in the error', async (context) => {
    const { engine, dataRoot } = await open(context);
    const name = `${registry.host}/never/pushed:v1`;
    await engine.create({ name, context: pluginContext() });
    const digest = checkDataRoot(dataRoot).plugins[0]?.blobs[0] ?? '';
    const path = blobPath(dataRoot, digest);
    flipBit(path);
    await assert.rejects(engine.push({ plugin: name }), ({ message }) => {
      const start = `error pushing plugin: blob ${digest} is damaged in the content store at "${path}": it holds`;
      assert.ok(message.startsWith(start), message);
      assert.match(
        message,
        /; it was set aside as ".*"; it cannot be fetched again from .*never\/pushed:v1: /,
      );
      return true;
    });
  });

  it('is replaced when the same plugin is created again', async (context) => {
    const { engine, dataRoot, logged } = await open(context);
    await engine.create({ name: 'one', context: pluginContext() });
    const digests = checkDataRoot(dataRoot).plugins[0]?.blobs ?? [];
    for (const digest of digests) flipBit(blobPath(dataRoot, digest));
    await engine.create({ name: 'two', context: pluginContext() });
    checkDataRoot(dataRoot);
    assert.equal(logged().length, 3);
  });
});
