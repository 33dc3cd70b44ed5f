import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { digestOf, encodeManifest, hostPlatform, mediaTypes, parseIndex, parseManifest } from '@outboard/oci';
import { type OperationFixture, openOperationFixture } from '../../testing/operation-fixture.ts';
import { createArchive, publishPlugin } from '../../testing/published-plugin.ts';
import { collectGarbage } from '../content/collect-garbage.ts';
import { pullPlugin } from '../install/pull.ts';
import { type PushRequest, pushPlugin } from './push.ts';

const target = 'registry.test/acme/copy:v1';

type MemoryRepository = ReturnType<OperationFixture['remote']['repository']>;

/** Install plugins whose programs are text, which tells no architecture. */
async function install(fixture: OperationFixture, names: readonly string[]) {
  for (const name of names) {
    const remote = `registry.test/acme/plugin:${name}`;
    const { privileges } = publishPlugin(fixture.remote.repository('acme/plugin'), name);
    await pullPlugin(fixture.parts, { remote, privileges, name: `acme/${name}:v1` });
  }
}

function entriesOf(repository: MemoryRepository, tag = 'v1') {
  const manifest = repository.manifests.get(repository.tags.get(tag) ?? digestOf(Buffer.alloc(0)));
  assert.ok(manifest, 'the tag is there');
  const entries = parseIndex(manifest.bytes, manifest.mediaType).manifests;
  for (const { digest } of entries) assert.ok(repository.manifests.has(digest), 'each manifest is there');
  return {
    mediaType: manifest.mediaType,
    entries,
    platforms: entries.map(({ platform }) => `${platform?.architecture}${platform?.variant ?? ''}`),
  };
}

describe('pushPlugin() of builds', () => {
  const push = (fixture: OperationFixture, request: Partial<PushRequest>) =>
    pushPlugin(fixture.parts, { plugin: target, ...request });

  test('writes a manifest list, adds to it, and replaces what it has', async () => {
    await using fixture = await openOperationFixture();
    await install(fixture, ['one', 'two', 'three']);
    const repository = fixture.remote.repository('acme/copy');
    await push(fixture, {
      platforms: [
        { plugin: 'acme/one:v1', platform: 'linux/amd64' },
        { plugin: 'acme/two:v1', platform: 'linux/arm/v7' },
      ],
    });
    const first = entriesOf(repository);
    assert.deepEqual(first.platforms, ['amd64', 'armv7']);
    assert.equal(first.mediaType, mediaTypes.dockerManifestList);
    assert.equal(fixture.remote.requests.at(-1)?.operation, 'pushManifest');
    const arm64 = [{ plugin: 'acme/three:v1', platform: 'linux/arm64/v8' }];
    await push(fixture, { append: true, platforms: arm64 });
    assert.deepEqual(entriesOf(repository).platforms, ['amd64', 'armv7', 'arm64']);
    await push(fixture, {
      append: true,
      format: 'oci',
      platforms: [{ plugin: 'acme/three:v1', platform: 'linux/amd64' }],
    });
    const third = entriesOf(repository);
    assert.deepEqual(third.platforms, ['amd64', 'armv7', 'arm64']);
    assert.equal(third.mediaType, mediaTypes.ociIndex);
    assert.notEqual(third.entries[0]?.digest, first.entries[0]?.digest);
    await push(fixture, { platforms: arm64 });
    assert.deepEqual(entriesOf(repository).platforms, ['arm64']);
    assert.equal(fixture.parts.content.openLeases, 0);
  });

  for (const [name, request, error] of [
    [
      'two builds for one platform',
      {
        platforms: [
          { plugin: 'acme/one:v1', platform: 'linux/arm64' },
          { plugin: 'acme/two:v1', platform: 'linux/arm64/v8' },
        ],
      },
      /both builds for linux\/arm64/,
    ],
    ['a platform that nothing tells', { platforms: [{ plugin: 'acme/one:v1' }] }, /platform .* is not known/],
    ['a malformed platform', { platforms: [{ plugin: 'acme/one:v1', platform: 'x' }] }, /invalid platform/],
    ['no builds', { platforms: [] }, /want at least one/],
    ['a plugin that is not there', { platforms: [{ plugin: 'acme/none:v1' }] }, /not found/],
    [
      'a digest as target',
      {
        plugin: `registry.test/acme/copy@sha256:${'0'.repeat(64)}`,
        platforms: [{ plugin: 'acme/one:v1', platform: 'linux/arm64' }],
      },
      /want a tag, not a digest/,
    ],
  ] as const satisfies readonly [string, Partial<PushRequest>, RegExp][]) {
    test(`refuses ${name} before anything is sent`, async () => {
      await using fixture = await openOperationFixture();
      await install(fixture, ['one', 'two']);
      fixture.remote.requests.length = 0;
      await assert.rejects(push(fixture, request), error);
      assert.deepEqual(fixture.remote.requests, []);
    });
  }

  test('refuses to add to a tag that names a single plugin', async () => {
    await using fixture = await openOperationFixture();
    await install(fixture, ['one']);
    const repository = fixture.remote.repository('acme/copy');
    const { manifestDigest } = publishPlugin(repository, 'v1');
    const platforms = [{ plugin: 'acme/one:v1', platform: 'linux/arm64' }];
    await assert.rejects(push(fixture, { append: true, platforms }), { kind: 'conflict' });
    assert.equal(repository.tags.get('v1'), manifestDigest);
    await push(fixture, { platforms });
    assert.deepEqual(entriesOf(repository).platforms, ['arm64']);
  });
});

/** Publish a plugin as an OCI manifest in odd JSON, with a layer that is not compressed, and one that is listed twice. */
function publishOdd(repository: MemoryRepository) {
  const { configDigest, layers, privileges } = publishPlugin(repository, 'base');
  const plain = createArchive({ plain: 'text' });
  repository.putBlob(digestOf(plain), plain);
  const config = {
    mediaType: mediaTypes.dockerPluginConfig,
    digest: configDigest,
    size: repository.blobs.get(configDigest)?.length ?? 0,
  };
  const [gzip] = layers;
  assert.ok(gzip);
  const ofPlain = { mediaType: mediaTypes.ociLayer, digest: digestOf(plain), size: plain.length };
  const compact = encodeManifest({
    mediaType: mediaTypes.ociManifest,
    config,
    layers: [ofPlain, { ...gzip, mediaType: mediaTypes.ociLayerGzip }, ofPlain],
    annotations: { note: 'odd' },
  });
  const bytes = Buffer.from(`${JSON.stringify(JSON.parse(compact.toString()), null, 3)}\n\n`);
  const digest = repository.putManifest('odd', { mediaType: mediaTypes.ociManifest, bytes });
  return { digest, privileges, plain };
}

describe('pushPlugin() in a format', () => {
  const remote = 'registry.test/acme/plugin:odd';

  test('pushes the stored bytes by default, also after a garbage collection', async () => {
    await using fixture = await openOperationFixture();
    const { digest, privileges } = publishOdd(fixture.remote.repository('acme/plugin'));
    await pullPlugin(fixture.parts, { remote, privileges, name: target });
    await collectGarbage(fixture.parts);
    await pushPlugin(fixture.parts, { plugin: target });
    assert.equal(fixture.remote.repository('acme/copy').tags.get('v1'), digest);
  });

  test("writes Docker's manifest with gzip layers, and keeps nothing of its own", async () => {
    await using fixture = await openOperationFixture();
    const { privileges, plain } = publishOdd(fixture.remote.repository('acme/plugin'));
    const record = await pullPlugin(fixture.parts, { remote, privileges, name: target });
    const stored = fixture.parts.content.digests.toSorted();
    await pushPlugin(fixture.parts, { plugin: target, format: 'docker' });
    const repository = fixture.remote.repository('acme/copy');
    const pushed = repository.manifests.get(repository.tags.get('v1') ?? record.manifestDigest);
    assert.equal(pushed?.mediaType, mediaTypes.dockerManifest);
    const { config, layers, annotations } = parseManifest(pushed.bytes, pushed.mediaType);
    assert.deepEqual([config.digest, annotations], [record.configDigest, undefined]);
    assert.deepEqual(
      new Set(layers.map(({ mediaType }) => mediaType)),
      new Set([mediaTypes.dockerLayerGzip]),
    );
    assert.deepEqual([layers[0], layers[1]?.digest], [layers[2], record.blobDigests[1]]);
    const again = gunzipSync(
      repository.blobs.get(layers[0]?.digest ?? record.configDigest) ?? Buffer.alloc(0),
    );
    assert.ok(again.equals(plain), 'the content of the layer is the same');
    assert.deepEqual(fixture.parts.content.digests.toSorted(), stored);
  });

  test("writes OCI's manifest with the layers as they are, and the stored one where that is it", async () => {
    await using fixture = await openOperationFixture();
    const repository = fixture.remote.repository('acme/copy');
    const { digest, privileges } = publishOdd(fixture.remote.repository('acme/plugin'));
    const record = await pullPlugin(fixture.parts, { remote, privileges, name: target });
    await pushPlugin(fixture.parts, { plugin: target, format: 'oci' });
    assert.equal(repository.tags.get('v1'), digest);
    await pushPlugin(fixture.parts, { plugin: target, format: 'docker' });
    assert.notEqual(repository.tags.get('v1'), digest);
    assert.equal(record.manifestMediaType, mediaTypes.ociManifest);
  });
});

test('pushPlugin() keeps architecture and platform apart from each other', async () => {
  await using fixture = await openOperationFixture();
  const own = hostPlatform().architecture;
  const s390x = '\x7fELF\x02\x02\x01'.padEnd(18, '\0') + '\0\x16'.padEnd(60, '\0');
  const source = fixture.remote.repository('acme/plugin');
  const { privileges } = publishPlugin(source, 'elf', { layers: [{ plugin: s390x }] });
  const remote = 'registry.test/acme/plugin:elf';
  const pull = (platform?: string) => pullPlugin(fixture.parts, { remote, privileges, platform, name: 'p' });
  await assert.rejects(pull(`linux/${own === 's390x' ? 'amd64' : 'riscv64'}`), {
    kind: 'invalid',
    code: 'other-platform',
    message: /its program is built for s390x, and linux\/\w+ was asked for/,
  });
  await fixture.assertOnly([], []);
  const record = await pull('linux/s390x');
  assert.equal(record.platform, 'linux/s390x');
  const push = (platform?: string) =>
    pushPlugin(fixture.parts, { plugin: target, platforms: [{ plugin: 'p', platform }] });
  await assert.rejects(push('linux/arm64'), /is no build for linux\/arm64: its program is built for s390x/);
  await push();
  assert.deepEqual(entriesOf(fixture.remote.repository('acme/copy')).platforms, ['s390x']);
});
