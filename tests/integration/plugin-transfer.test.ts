/**
 * Pulls that are cut, manipulated, repeated, or out of disk space: each leaves the data root unchanged.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import type { PullRequest } from '@outboard/engine';
import { checkDataRoot } from '../support/data-root.ts';
import { assertHostUnchanged, snapshotHost } from '../support/host-snapshot.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginArchive, pluginContext } from '../support/plugin-archive.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { type BlobDelivery, startRegistryProxy } from '../support/registry-proxy.ts';
import { mountSmallTmpfs } from '../support/small-tmpfs.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const skip = needsRoot;
const mebibyte = 1024 * 1024;
const noSpace = { kind: 'system', message: /no space left/ };
const nothing = { plugins: [], blobs: [] };

async function openEngine(context: TestContext): Promise<TestEngine> {
  const opened = await openTestEngine();
  context.after(() => opened[Symbol.asyncDispose]());
  return opened;
}

let registry: TestRegistry;
/** A plugin with one large layer, in the registry. */
let published: Pick<PullRequest, 'remote' | 'privileges'>;

before(async () => {
  if (skip !== false) return;
  registry = await startRegistry();
  await using opened = await openTestEngine();
  const { engine } = opened;
  const remote = `${registry.host}/acme/large:v1`;
  const entries = [{ name: 'data', content: randomBytes(3 * mebibyte) }];
  await engine.create({ name: remote, context: pluginContext({ entries }) });
  await engine.push({ plugin: remote });
  published = { remote, privileges: await engine.privileges(remote) };
});

after(() => registry?.stop());

/** The same plugin through a proxy. */
async function throughProxy(context: TestContext, deliver?: (delivery: BlobDelivery) => void) {
  const proxy = await startRegistryProxy(registry.host, deliver);
  context.after(() => proxy.stop());
  const request = { ...published, remote: `${proxy.host}/acme/large:v1`, name: 'large' };
  return { proxy, request };
}

const isLayer = ({ bytes }: BlobDelivery) => bytes.length > mebibyte;

test('R01 a layer whose bytes differ from its digest installs nothing', { skip }, async (context) => {
  const { engine, dataRoot } = await openEngine(context);
  const { request } = await throughProxy(context, (delivery) => {
    const bytes = Buffer.from(delivery.bytes);
    // The time in the gzip header: the archive inside stays the same, so that only the digest differs.
    if (isLayer(delivery)) bytes.writeUInt8(bytes.readUInt8(4) ^ 1, 4);
    delivery.response.end(bytes);
  });
  await assert.rejects(engine.pull(request), {
    kind: 'invalid',
    message: /has digest sha256:.*, want sha256:/,
  });
  assert.deepEqual(checkDataRoot(dataRoot), nothing);
  await engine.pull({ ...published, name: 'large' }); // The name is free again.
});

test('a pull that is cancelled midway leaves nothing half-done, and its name is free', {
  skip,
}, async (context) => {
  const { engine, dataRoot } = await openEngine(context);
  const before = snapshotHost(join(dataRoot, '..'), { entries: ['data'] });
  const cancel = new AbortController();
  const { request } = await throughProxy(context, (delivery) => {
    if (!isLayer(delivery)) return delivery.response.end(delivery.bytes);
    delivery.response.write(delivery.bytes.subarray(0, 2 * mebibyte));
  });
  const onProgress = ({ current = 0 }) => {
    if (current > mebibyte) cancel.abort(new Error('the client went away'));
  };
  await assert.rejects(
    engine.pull({ ...request, signal: cancel.signal, onProgress }),
    /the client went away/,
  );
  assert.deepEqual(checkDataRoot(dataRoot), nothing);
  assertHostUnchanged(before, { entries: ['data'] });
  await engine.pull({ ...published, name: 'large' });
});

test('a closing engine cancels its operations before it unlocks its data root', {
  skip,
}, async (context) => {
  const layerAsked = gate();
  const { request } = await throughProxy(context, (delivery) => {
    if (!isLayer(delivery)) return delivery.response.end(delivery.bytes);
    delivery.response.write(delivery.bytes.subarray(0, mebibyte));
    layerAsked.resolve();
  });
  const opened = await openEngine(context);
  const { engine, dataRoot } = opened;
  async function* endless() {
    yield pluginArchive().subarray(0, 4096);
    await new Promise(() => undefined);
  }
  const pulling = engine.pull(request);
  const creating = engine.create({ name: 'endless', context: endless() });
  const outcomes = Promise.allSettled([pulling, creating]);
  await layerAsked.promise;
  await opened.reopen();
  assert.deepEqual(checkDataRoot(dataRoot), nothing);
  for (const outcome of await outcomes) {
    assert.ok(outcome.status === 'rejected');
    assert.match(String(outcome.reason), /shuts down/);
  }
  await assert.rejects(engine.pull(request), /shuts down/);
});

test('R35 two pulls of one digest at once download it once', { skip }, async (context) => {
  const { engine, dataRoot } = await openEngine(context);
  const { proxy, request } = await throughProxy(context);
  const names = ['one', 'two', 'three'];
  await Promise.all(names.map((name) => engine.pull({ ...request, name })));
  const { plugins } = checkDataRoot(dataRoot);
  assert.deepEqual(plugins.map(({ name }) => name).sort(), names.map((name) => `${name}:latest`).sort());
  const [layer] = plugins[0]?.blobs.slice(2) ?? [];
  assert.equal(proxy.fetched.filter((digest) => digest === layer).length, 1);
});

test('R35 of two concurrent pulls under one name, one succeeds', { skip }, async (context) => {
  const { engine, dataRoot } = await openEngine(context);
  const { request } = await throughProxy(context);
  const outcomes = await Promise.allSettled([engine.pull(request), engine.pull(request)]);
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  assert.equal(checkDataRoot(dataRoot).plugins.length, 1);
});

test('R35 garbage collection during pulls, creates and removals never deletes a needed blob', {
  skip,
}, async (context) => {
  const { engine, dataRoot } = await openEngine(context);
  const { request } = await throughProxy(context);
  let isDone = false;
  const collect = async () => {
    while (!isDone) await engine.collectGarbage();
  };
  const work = async (worker: number) => {
    for (let round = 0; round < 3; round += 1) {
      const name = `w${worker}-r${round}`;
      if (worker % 2 === 0) await engine.pull({ ...request, name });
      else await engine.create({ name, context: pluginContext({ files: { '/name': name } }) });
      if (round > 0) await engine.remove(name);
    }
  };
  const collecting = collect();
  try {
    await Promise.all([0, 1, 2, 3].map(work));
  } finally {
    isDone = true;
    await collecting;
  }
  assert.equal(checkDataRoot(dataRoot).plugins.length, 4);
});

test('create and pull fail on a full disk and free their space', { skip }, async (context) => {
  const { request } = await throughProxy(context);
  await using disk = await mountSmallTmpfs({ bytes: 5 * mebibyte });
  const roots = { dataRoot: join(disk.path, 'data') };
  await using full = await openTestEngine(roots);
  const { engine } = full;
  await engine.create({ name: 'small', context: pluginContext() });
  const free = statfsSync(disk.path).bavail;

  await assert.rejects(engine.pull(request), noSpace);
  const entries = [{ name: 'data', content: randomBytes(3 * mebibyte) }];
  await assert.rejects(engine.create({ name: 'large', context: pluginContext({ entries }) }), noSpace);
  assert.equal(statfsSync(disk.path).bavail, free);
  assert.equal(checkDataRoot(roots.dataRoot).plugins.length, 1);
  // Existing plugins keep working.
  const upgrade = { plugin: 'small', remote: request.remote, privileges: request.privileges };
  await assert.rejects(engine.upgrade(upgrade), noSpace);
  assert.equal(checkDataRoot(roots.dataRoot).plugins.length, 1);
  await engine.enable('small');
  await engine.remove('small', { force: true });
  assert.deepEqual(checkDataRoot(roots.dataRoot), nothing);
});

test('create fails on a file system without free inodes and frees those it used', { skip }, async () => {
  await using disk = await mountSmallTmpfs({ bytes: 16 * mebibyte, inodes: 120 });
  const roots = { dataRoot: join(disk.path, 'data') };
  await using full = await openTestEngine(roots);
  const free = statfsSync(disk.path).ffree;
  const entries = Array.from({ length: 200 }, (_, index) => ({ name: `f${index}`, content: 'x' }));
  await assert.rejects(full.engine.create({ name: 'many', context: pluginContext({ entries }) }), noSpace);
  assert.equal(statfsSync(disk.path).ffree, free);
  assert.deepEqual(readdirSync(join(roots.dataRoot, 'plugins', 'tmp')), []);
});

test('a push takes layers over from the repository that the plugin was pulled from', {
  skip,
}, async (context) => {
  const { engine } = await openEngine(context);
  const plugin = `${registry.host}/acme/mounted:v1`;
  await engine.pull({ ...published, name: plugin });
  const statuses: string[] = [];
  await engine.push({ plugin, onProgress: ({ status }) => statuses.push(status) });
  const mounted = statuses.filter((status) => status === `Mounted from ${registry.host}/acme/large`);
  assert.equal(mounted.length, 2, 'layer and config');
  assert.ok(!statuses.includes('Uploading'));
  await engine.pull({ ...published, remote: plugin, name: 'again' });
});

test('a push whose layer turns out to be damaged while it is sent fetches it again, and sends that', {
  skip,
}, async (context) => {
  const { engine, dataRoot } = await openEngine(context);
  const { proxy, request } = await throughProxy(context);
  const plugin = `${registry.host}/acme/repaired:v1`;
  await engine.pull({ ...request, name: plugin });
  const layer = checkDataRoot(dataRoot).plugins[0]?.blobs[2] ?? '';
  const path = join(dataRoot, 'plugins', 'storage', 'blobs', 'sha256', layer.replace('sha256:', ''));
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0, bytes.length - 10));
  const before = proxy.fetched.length;
  await engine.push({ plugin });
  assert.deepEqual(proxy.fetched.slice(before), [layer]);
  await engine.pull({ ...published, remote: plugin, name: 'again' });
});

function gate(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
