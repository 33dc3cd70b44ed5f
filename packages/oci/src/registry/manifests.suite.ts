/**
 * Contract of all registry clients: manifests, lists of tags and referrers, and removal.
 */
import assert from 'node:assert/strict';
import { digestOf } from '../digests/digest.ts';
import { encodeManifest } from '../manifests/image-manifest.ts';
import { mediaTypes } from '../manifests/media-types.ts';
import {
  blobOf,
  config,
  configOf,
  layer,
  listed,
  push,
  pushImage,
  pushReferrer,
} from '../testing/pushed-image.ts';
import type { DeclareTest } from '../testing/registry-subject.ts';

/** Declare the tests of manifests. */
export function testManifests(test: DeclareTest): void {
  test('a manifest is resolved by tag and by digest, byte for byte', async (repository) => {
    const { bytes, digest } = await pushImage(repository, 'v1');
    for (const name of ['v1', digest]) {
      const resolved = await repository.resolve(name);
      assert.ok(bytes.equals(resolved.bytes));
      const mediaType = mediaTypes.dockerManifest;
      assert.deepEqual(resolved.descriptor, { mediaType, digest, size: bytes.length });
    }
  });

  test('a tag moves to the manifest that was pushed last', async (repository) => {
    const first = await pushImage(repository, 'v1', Buffer.from('{"first":true}'));
    const second = await pushImage(repository, 'v1');
    assert.equal((await repository.resolve('v1')).descriptor.digest, second.digest);
    assert.equal((await repository.resolve(first.digest)).descriptor.digest, first.digest);
  });

  test('a manifest pushed by digest is found by it', async (repository) => {
    const { bytes, digest } = await pushImage(repository, 'v1');
    const manifest = { mediaType: mediaTypes.dockerManifest, bytes };
    assert.equal(await repository.pushManifest(digest, manifest), digest);
    await assert.rejects(repository.pushManifest(digestOf(config), manifest), { kind: 'invalid' });
  });

  test('a tag or digest that names nothing is not-found, with its reference in the message', async (repository) => {
    await pushImage(repository, 'v1');
    await assert.rejects(repository.resolve('v2'), { kind: 'not-found', message: /:v2: not found$/ });
    const digest = digestOf(Buffer.from('unknown'));
    const message = new RegExp(`@${digest}: not found$`);
    await assert.rejects(repository.resolve(digest), { kind: 'not-found', message });
  });

  test('a manifest is refused whose blobs were not pushed', async (repository) => {
    const bytes = encodeManifest({ config: configOf(config), layers: [blobOf(layer)] });
    const pushing = repository.pushManifest('v1', { mediaType: mediaTypes.dockerManifest, bytes });
    await assert.rejects(pushing, { kind: 'invalid' });
    await assert.rejects(repository.resolve('v1'), { kind: 'not-found' });
  });

  test('a malformed tag or digest is refused', async (repository) => {
    const manifest = { mediaType: mediaTypes.dockerManifest, bytes: config };
    for (const name of ['', '-', 'a/b', 'a'.repeat(129), 'sha256:abc']) {
      await assert.rejects(repository.resolve(name), { kind: 'invalid' });
      await assert.rejects(repository.pushManifest(name, manifest), { kind: 'invalid' });
    }
  });
}

/** Declare the tests of lists of tags and referrers. */
export function testLists(test: DeclareTest): void {
  test('listTags() lists every tag', async (repository) => {
    const { bytes } = await pushImage(repository, 'v1');
    for (const tag of ['v2', 'latest']) {
      await repository.pushManifest(tag, { mediaType: mediaTypes.dockerManifest, bytes });
    }
    assert.deepEqual((await listed(repository)).toSorted(), ['latest', 'v1', 'v2']);
  });

  test('listTags() of a repository that is not there is not-found', async (repository) => {
    await assert.rejects(listed(repository), { kind: 'not-found' });
  });

  test('referrers() lists the artifacts whose subject is the manifest', async (repository) => {
    const image = await pushImage(repository, 'v1');
    assert.deepEqual(await repository.referrers(image.digest), []);
    const subject = { mediaType: mediaTypes.dockerManifest, digest: image.digest, size: image.bytes.length };
    const signature = await pushReferrer(repository, subject, 'application/vnd.example.signature');
    const sbom = await pushReferrer(repository, subject, 'application/vnd.example.sbom');
    assert.deepEqual(
      (await repository.referrers(image.digest)).map(({ digest }) => digest).toSorted(),
      [signature, sbom].toSorted(),
    );
    const artifactType = 'application/vnd.example.sbom';
    const [only, ...others] = await repository.referrers(image.digest, { artifactType });
    assert.deepEqual([only?.digest, only?.artifactType, others], [sbom, artifactType, []]);
  });
}

/** Declare the tests of the removal of manifests and blobs. */
export function testRemoval(test: DeclareTest): void {
  test('deleteManifest() deletes a manifest and its tags', async (repository) => {
    const { digest } = await pushImage(repository, 'v1');
    await repository.deleteManifest(digest);
    for (const name of ['v1', digest]) await assert.rejects(repository.resolve(name), { kind: 'not-found' });
    await assert.rejects(repository.deleteManifest(digest), { kind: 'not-found' });
  });

  test('deleteManifest() leaves nothing in the list of referrers', async (repository) => {
    const image = await pushImage(repository, 'v1');
    const subject = { mediaType: mediaTypes.dockerManifest, digest: image.digest, size: image.bytes.length };
    const signature = await pushReferrer(repository, subject, 'application/vnd.example.signature');
    const sbom = await pushReferrer(repository, subject, 'application/vnd.example.sbom');
    const listed = async () => (await repository.referrers(image.digest)).map(({ digest }) => digest);
    await repository.deleteManifest(signature);
    assert.deepEqual(await listed(), [sbom]);
    await repository.deleteManifest(sbom);
    assert.deepEqual(await listed(), []);
    // The list itself is gone, where a tag keeps it.
    await assert.rejects(repository.resolve(image.digest.replace(':', '-')), { kind: 'not-found' });
    assert.equal((await repository.resolve('v1')).descriptor.digest, image.digest);
  });

  test('deleteBlob() deletes a blob', async (repository) => {
    await push(repository, layer);
    await repository.deleteBlob(digestOf(layer));
    assert.equal(await repository.hasBlob(digestOf(layer)), false);
    await assert.rejects(repository.deleteBlob(digestOf(layer)), { kind: 'not-found' });
  });
}
