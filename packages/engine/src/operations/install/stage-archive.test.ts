import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFakeClock } from '@outboard/async/testing';
import { type Digest, digestHex, encodeIndex, mediaTypes } from '@outboard/oci';
import { createMemoryContentStore } from '@outboard/oci/memory';
import pino from 'pino';
import { createStagedArchives } from '../../archives/staged-archives.ts';
import { type OperationFixture, openOperationFixture } from '../../testing/operation-fixture.ts';
import { archivePlugins } from '../../testing/plugin-archive.ts';
import { publishPlugin } from '../../testing/published-plugin.ts';
import { collectGarbage } from '../content/collect-garbage.ts';
import { fetchPrivileges } from './privileges.ts';
import { pullPlugin } from './pull.ts';
import { stageArchive } from './stage-archive.ts';
import { upgradePlugin } from './upgrade.ts';

const remote = 'registry.test/acme/plugin:v1';

function publish(fixture: OperationFixture, tag: string, text = tag) {
  return publishPlugin(fixture.remote.repository('acme/plugin'), tag, { layers: [{ first: text }] });
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 500) yield bytes.subarray(at, at + 500);
}

/** Stage an archive, and cut the registry off. */
async function stage(fixture: OperationFixture, archive: Uint8Array) {
  fixture.remote.intercept = () => assert.fail('it asks the registry');
  return await stageArchive(fixture.parts, chunksOf(archive), {});
}

describe('stageArchive()', () => {
  test('tells what is in an archive, of which plugins are installed without their registry', async () => {
    await using fixture = await openOperationFixture();
    const [first, second] = [publish(fixture, 'v1'), publish(fixture, 'v2')];
    const archive = await archivePlugins(fixture.parts.registry, [
      { remote },
      { remote: 'registry.test/acme/plugin:v2', name: 'registry.test/acme/other:v2' },
    ]);
    const { id, plugins } = await stage(fixture, archive);
    assert.deepEqual(
      plugins.map((plugin) => [plugin.name, plugin.remote, plugin.digest, plugin.configType]),
      [
        [remote, remote, first.manifestDigest, mediaTypes.dockerPluginConfig],
        [
          'registry.test/acme/other:v2',
          'registry.test/acme/other:v2',
          second.manifestDigest,
          mediaTypes.dockerPluginConfig,
        ],
      ],
    );
    await collectGarbage(fixture.parts);
    const source = { archive: id };
    assert.deepEqual(await fetchPrivileges(fixture.parts, remote, source), first.privileges);
    const record = await pullPlugin(fixture.parts, { remote, privileges: first.privileges, ...source });
    assert.equal(record.manifestDigest, first.manifestDigest);
    assert.equal(record.pluginReference, remote);
    assert.equal(fixture.rootfsFile(record, 'first'), 'v1');
    await fixture.parts.archives.drop(id);
    await fixture.assertOnly([record], first.digests);
    await assert.rejects(fetchPrivileges(fixture.parts, remote, source), {
      kind: 'not-found',
      code: 'no-archive',
    });
  });

  test('upgrades a plugin from an archive, and keeps the content of both versions', async () => {
    await using fixture = await openOperationFixture();
    const [first, second] = [publish(fixture, 'v1'), publish(fixture, 'v2')];
    const record = await pullPlugin(fixture.parts, { remote, privileges: first.privileges });
    const archive = await archivePlugins(fixture.parts.registry, [
      { remote: 'registry.test/acme/plugin:v2' },
    ]);
    const { id } = await stage(fixture, archive);
    const request = { remote: 'registry.test/acme/plugin:v2', archive: id, privileges: second.privileges };
    const upgraded = await upgradePlugin(fixture.parts, { plugin: record.id, ...request });
    assert.equal(upgraded.manifestDigest, second.manifestDigest);
    await fixture.parts.archives.drop(id);
    await fixture.assertOnly([upgraded], [...first.digests, ...second.digests]);
  });

  test('R26 asks for the same consent as a registry', async () => {
    await using fixture = await openOperationFixture();
    const config = { network: { type: 'host' } };
    publishPlugin(fixture.remote.repository('acme/plugin'), 'v1', { config });
    const { id } = await stage(fixture, await archivePlugins(fixture.parts.registry, [{ remote }]));
    await assert.rejects(pullPlugin(fixture.parts, { remote, archive: id, privileges: [] }), {
      kind: 'forbidden',
      code: 'privileges-differ',
    });
    await fixture.parts.archives.drop(id);
    await fixture.assertOnly([], []);
  });

  test('gives the only plugin of an archive without names the name that is asked for', async () => {
    await using fixture = await openOperationFixture();
    const { privileges, manifestDigest } = publish(fixture, 'v1');
    for (const name of ['', 'v7']) {
      fixture.remote.intercept = () => undefined;
      const archive = await archivePlugins(fixture.parts.registry, [{ remote, name }]);
      const { id, plugins } = await stage(fixture, archive);
      assert.deepEqual(
        plugins.map((plugin) => [plugin.name, plugin.remote, plugin.tag]),
        [[undefined, undefined, name === '' ? undefined : name]],
      );
      const asked = `example.com/any${digestHex(manifestDigest).slice(0, 4)}:v7`;
      assert.deepEqual(await fetchPrivileges(fixture.parts, asked, { archive: id }), privileges);
      await fixture.parts.archives.drop(id);
    }
  });

  test('R06 takes the platform of this host out of an index, also when the archive has no other', async () => {
    await using fixture = await openOperationFixture();
    const repository = fixture.remote.repository('acme/plugin');
    const architectures = ['amd64', 'arm64', 'riscv64', 's390x', 'ppc64le', '386'];
    const published = architectures.map((architecture) => publish(fixture, architecture));
    const descriptors = published.map(({ manifestDigest: digest }, at) => ({
      mediaType: mediaTypes.dockerManifest,
      digest,
      size: repository.manifests.get(digest)?.bytes.length ?? 0,
      platform: { os: 'linux', architecture: architectures[at] ?? '' },
    }));
    const index = { mediaType: mediaTypes.ociIndex, bytes: encodeIndex(descriptors) };
    repository.putManifest('v1', index);
    const { id, plugins } = await stage(fixture, await archivePlugins(fixture.parts.registry, [{ remote }]));
    assert.deepEqual(
      plugins.map(({ platforms }) => platforms),
      [architectures.map((name) => `linux/${name}`)],
    );
    const privileges = published[0]?.privileges ?? [];
    const record = await pullPlugin(fixture.parts, { remote, privileges, archive: id });
    assert.ok(published.some(({ manifestDigest }) => manifestDigest === record.manifestDigest));
  });

  for (const [title, change, message] of [
    [
      'that is cut off',
      (archive: Buffer) => archive.subarray(0, archive.length - 3000),
      /truncated|incomplete/,
    ],
    ['of which a bit is flipped', (archive: Buffer) => flipLast(archive), /is damaged/],
    ['that is empty', () => Buffer.alloc(0), /it is empty/],
  ] as const) {
    test(`A34 leaves nothing of an archive ${title}`, async () => {
      await using fixture = await openOperationFixture();
      publish(fixture, 'v1', 'text of a layer '.repeat(300));
      const archive = await archivePlugins(fixture.parts.registry, [{ remote }]);
      await assert.rejects(stage(fixture, change(archive)), (error: { kind?: string; message?: string }) => {
        assert.equal(error.kind, 'invalid');
        assert.match(error.message ?? '', message);
        return true;
      });
      assert.deepEqual(fixture.parts.archives.list(), []);
      await fixture.assertOnly([], []);
    });
  }

  test('A34 refuses an archive that lacks a blob of its plugin', async () => {
    await using fixture = await openOperationFixture();
    const { layers } = publish(fixture, 'v1');
    const archive = await archivePlugins(fixture.parts.registry, [{ remote }]);
    const hex = digestHex(layers[0]?.digest as Digest); // one layer was published
    const at = archive.indexOf(`blobs/sha256/${hex}`);
    archive.write('other', at, 'latin1');
    const header = archive.subarray(at, at + 512);
    header.fill(0x20, 148, 156);
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
      'latin1',
    );
    await assert.rejects(stage(fixture, archive), {
      kind: 'invalid',
      code: 'incomplete-archive',
      message: `the archive is incomplete: blob sha256:${hex} is missing`,
    });
    await fixture.assertOnly([], []);
  });

  test('A45 leaves nothing on a full disk, and says so', async () => {
    await using fixture = await openOperationFixture({ maxContentBytes: 300 });
    publish(fixture, 'v1');
    const archive = await archivePlugins(fixture.parts.registry, [{ remote }]);
    await assert.rejects(stage(fixture, archive), {
      kind: 'system',
      code: 'no-space',
      message: /no space left/,
    });
    await fixture.assertOnly([], []);
  });

  test('A45 leaves nothing when its client goes away', async () => {
    await using fixture = await openOperationFixture();
    publish(fixture, 'v1');
    const archive = await archivePlugins(fixture.parts.registry, [{ remote }]);
    const controller = new AbortController();
    async function* stalling(): AsyncGenerator<Uint8Array> {
      yield archive.subarray(0, 4000);
      controller.abort(new Error('gone'));
      yield archive.subarray(4000);
    }
    await assert.rejects(stageArchive(fixture.parts, stalling(), { signal: controller.signal }), /gone/);
    await fixture.assertOnly([], []);
  });
});

/** Change the last byte of the last blob. */
function flipLast(archive: Buffer): Buffer {
  const changed = Buffer.from(archive);
  const last = changed.findLastIndex((byte) => byte !== 0);
  changed[last] = (changed[last] ?? 0) ^ 1;
  return changed;
}

describe('createStagedArchives()', () => {
  test('drops an archive after an hour without use, and no archive that is used', async () => {
    await using fixture = await openOperationFixture();
    publish(fixture, 'v1');
    const archive = await archivePlugins(fixture.parts.registry, [{ remote }]);
    const clock = createFakeClock();
    const content = createMemoryContentStore();
    const collect = () => content.sweep(() => false);
    const logger = pino({ level: 'silent' });
    await using archives = createStagedArchives({ content, collect, logger, clock });
    const { id } = await archives.stage(chunksOf(archive));
    const reference = { domain: 'registry.test', path: 'acme/plugin', tag: 'v1' };
    const reader = archives.reader(id, reference);
    clock.advance(59 * 60_000);
    await reader.resolve('v1');
    clock.advance(59 * 60_000);
    assert.equal(archives.list().length, 1);
    await collect();
    assert.equal(content.digests.length, 3);
    clock.advance(60_000);
    assert.deepEqual(archives.list(), []);
    await collect();
    assert.deepEqual(content.digests, []);
    assert.throws(() => archives.reader(id, reference), { code: 'no-archive' });
    assert.equal(clock.waiting, 0);
  });
});
