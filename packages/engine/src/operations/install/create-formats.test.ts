import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mediaTypes, parseIndex, parseManifest } from '@outboard/oci';
import type { Verification } from '../../config/verification.ts';
import { PluginStore } from '../../store/plugin-store.ts';
import { type OperationFixture, openOperationFixture } from '../../testing/operation-fixture.ts';
import { archivePlugins } from '../../testing/plugin-archive.ts';
import { createArchive, publishPlugin } from '../../testing/published-plugin.ts';
import { pushPlugin } from '../publish/push.ts';
import { type CreateRequest, createPlugin } from './create.ts';
import { createFromImage } from './create-from-image.ts';
import { rollbackPlugin } from './rollback.ts';
import { stageArchive } from './stage-archive.ts';
import { upgradePlugin } from './upgrade.ts';
import { versionOf } from './version-of.ts';

const target = 'registry.test/acme/made:v1';
const config = {
  interface: { types: ['docker.volumedriver/1.0'], socket: 'p.sock' },
  entrypoint: ['/plugin'],
};
/** The header of a program for s390x. */
const s390x = '\x7fELF\x02\x02\x01'.padEnd(18, '\0') + '\0\x16'.padEnd(60, '\0');

async function* contextOf(program: string): AsyncGenerator<Buffer> {
  yield createArchive({ 'config.json': JSON.stringify(config), 'rootfs/plugin': program });
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function create(fixture: OperationFixture, request: Partial<CreateRequest> = {}, program = 'text') {
  return createPlugin(fixture.parts, { name: target, context: contextOf(program), ...request });
}

describe('createPlugin()', () => {
  test('makes a manifest of OCI on demand, which is pushed byte for byte', async () => {
    await using fixture = await openOperationFixture();
    const docker = await create(fixture, { name: 'registry.test/acme/docker:v1' });
    const oci = await create(fixture, { format: 'oci' });
    assert.equal(docker.manifestMediaType, mediaTypes.dockerManifest);
    assert.equal(oci.manifestMediaType, mediaTypes.ociManifest);
    assert.deepEqual(
      [oci.configDigest, oci.blobDigests],
      [docker.configDigest, docker.blobDigests],
      'the content is the same',
    );
    const stored = await fixture.parts.content.read(oci.manifestDigest, { maxBytes: 4096 });
    const manifest = parseManifest(stored, oci.manifestMediaType);
    assert.deepEqual(
      [manifest.config.mediaType, ...manifest.layers.map(({ mediaType }) => mediaType)],
      [mediaTypes.dockerPluginConfig, mediaTypes.ociLayerGzip],
    );
    await pushPlugin(fixture.parts, { plugin: target });
    assert.equal(fixture.remote.repository('acme/made').tags.get('v1'), oci.manifestDigest);
    // The same as a push of the other one in this format.
    await pushPlugin(fixture.parts, { plugin: docker.name, format: 'oci' });
    assert.equal(fixture.remote.repository('acme/docker').tags.get('v1'), oci.manifestDigest);
  });

  test('records the platform that is named, under which the plugin enters an index', async () => {
    await using fixture = await openOperationFixture();
    const record = await create(fixture, { platform: 'linux/aarch64', name: 'acme/arm:v1' });
    assert.equal(record.platform, 'linux/arm64');
    await pushPlugin(fixture.parts, { plugin: target, platforms: [{ plugin: record.name }] });
    const repository = fixture.remote.repository('acme/made');
    const index = repository.manifests.get(repository.tags.get('v1') ?? record.manifestDigest);
    assert.ok(index);
    const [entry] = parseIndex(index.bytes, index.mediaType).manifests;
    assert.deepEqual(entry?.platform, { os: 'linux', architecture: 'arm64' });
    const own = await create(fixture, { platform: 'linux/s390x', name: 'acme/own:v1' }, s390x);
    assert.equal(own.platform, 'linux/s390x');
  });

  test('refuses a program that is built for another platform, and a platform that is none', async () => {
    await using fixture = await openOperationFixture();
    await assert.rejects(create(fixture, { platform: 'linux/arm64' }, s390x), {
      code: 'other-platform',
      message: /its program is built for s390x, and linux\/arm64 was asked for/,
    });
    await assert.rejects(create(fixture, { platform: 'linux' }), { kind: 'invalid' });
    await fixture.assertOnly([], []);
  });
});

describe('createFromImage()', () => {
  const image = 'registry.test/acme/image:v1';
  const verification: Verification = {
    checkedAt: new Date('2026-11-30T08:00:00.000Z'),
    scope: 'docker registry.test',
    signatures: [],
  };

  test('keeps on the record which image it was, and its proof, until another version comes', async () => {
    await using fixture = await openOperationFixture();
    const author = {
      Entrypoint: ['/plugin'],
      Labels: { 'io.outboard.plugin.config': JSON.stringify(config) },
    };
    const published = publishPlugin(fixture.remote.repository('acme/image'), 'v1', {
      image: { config: author },
    });
    const transports: unknown[] = [];
    const policy = {
      ...fixture.parts.policy,
      async check({ transport }: { readonly transport?: string | undefined }) {
        transports.push(transport);
        return verification;
      },
    };
    const made = await createFromImage({ ...fixture.parts, policy }, { name: target, image, format: 'oci' });
    assert.equal(made.manifestMediaType, mediaTypes.ociManifest);
    assert.deepEqual(made.sourceImage, { reference: image, digest: published.manifestDigest, verification });
    // The plugin itself is not signed.
    assert.equal(made.verification, undefined);
    const archive = await archivePlugins(fixture.parts.registry, [{ remote: image }]);
    const { id } = await stageArchive(fixture.parts, chunksOf(archive), {});
    await createFromImage({ ...fixture.parts, policy }, { name: 'acme/filed:v1', image, archive: id });
    assert.deepEqual(transports, ['docker', 'oci-archive']);
    const { privileges } = publishPlugin(fixture.remote.repository('acme/plugin'), 'v2', { config });
    const to = { plugin: made.id, remote: 'registry.test/acme/plugin:v2', privileges };
    const upgraded = await upgradePlugin(fixture.parts, to);
    assert.equal(upgraded.sourceImage, undefined);
    const back = await rollbackPlugin(fixture.parts, made.id);
    assert.deepEqual(back.sourceImage, made.sourceImage);
    assert.deepEqual(versionOf(back), versionOf(made));
    const reopened = await PluginStore.open(fixture.parts.store.layout, fixture.parts.logger);
    assert.deepEqual(reopened.find(made.id), back, 'on disk');
  });
});
