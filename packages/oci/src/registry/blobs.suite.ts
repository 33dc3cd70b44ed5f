/**
 * Contract of all registry clients: blobs that are read, pushed and mounted.
 */
import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { it } from 'node:test';
import { digestOf } from '../digests/digest.ts';
import { blobOf, config, download, layer, push, streamOf } from '../testing/pushed-image.ts';
import { type DeclareTest, open, type RegistryUnderTest } from '../testing/registry-subject.ts';

/** Declare the tests of blobs that are read. */
export function testBlobs(test: DeclareTest): void {
  test('a blob reads back as it was pushed', async (repository) => {
    assert.equal(await push(repository, layer), 'uploaded');
    assert.equal(await repository.hasBlob(digestOf(layer)), true);
    assert.ok(layer.equals(await download(repository, blobOf(layer))));
    assert.ok(layer.equals(await repository.readBlob(blobOf(layer), { maxBytes: layer.length })));
  });

  test('a blob that is missing is not-found', async (repository) => {
    assert.equal(await repository.hasBlob(digestOf(layer)), false);
    await assert.rejects(repository.openBlob(blobOf(layer)), { kind: 'not-found' });
    await assert.rejects(repository.readBlob(blobOf(layer), { maxBytes: 1e6 }), { kind: 'not-found' });
  });

  test('a blob of another size than its descriptor says is refused', async (repository) => {
    await push(repository, layer);
    for (const size of [layer.length - 1, layer.length + 1]) {
      await assert.rejects(download(repository, { ...blobOf(layer), size }), { kind: 'invalid' });
    }
  });

  test('readBlob() refuses a blob larger than its bound', async (repository) => {
    await push(repository, config);
    const options = { maxBytes: config.length - 1 };
    await assert.rejects(repository.readBlob(blobOf(config), options), { kind: 'invalid' });
  });

  test('an impossible descriptor is refused', async (repository) => {
    for (const size of [-1, 0.5, Number.NaN]) {
      await assert.rejects(repository.openBlob({ ...blobOf(layer), size }), { kind: 'invalid' });
    }
  });
}

/** Declare the tests of blobs that are pushed. */
export function testUploads(test: DeclareTest): void {
  test('pushBlob() sends nothing that the registry has', async (repository) => {
    await push(repository, layer);
    const result = await repository.pushBlob(blobOf(layer), () => assert.fail('the source was opened'));
    assert.equal(result, 'exists');
  });

  test('openBlob() begins at an offset within the blob', async (repository) => {
    await push(repository, layer);
    const rest = await buffer(await repository.openBlob(blobOf(layer), { offset: 5 }));
    assert.ok(layer.subarray(5).equals(rest));
    for (const offset of [layer.length, layer.length + 1]) {
      await assert.rejects(repository.openBlob(blobOf(layer), { offset }), { kind: 'invalid' });
    }
  });

  test('pushBlob() reports its progress up to the size of the blob', async (repository) => {
    const reported: number[] = [];
    await repository.pushBlob(blobOf(layer), async () => streamOf(layer), {
      onProgress: (bytes) => reported.push(bytes),
    });
    assert.equal(reported.at(-1), layer.length);
    assert.deepEqual(
      reported,
      reported.toSorted((a, b) => a - b),
    );
  });

  test('content of another size or digest than its descriptor says is refused and not kept', async (repository) => {
    const sources = [layer.subarray(1), Buffer.concat([layer, config]), Buffer.alloc(layer.length, 'other')];
    for (const source of sources) {
      const pushing = repository.pushBlob(blobOf(layer), async () => streamOf(source));
      await assert.rejects(pushing, { kind: 'invalid' });
    }
    assert.equal(await repository.hasBlob(digestOf(layer)), false);
  });
}

/** Declare the tests of blobs that are mounted from another repository. */
export function testMounts(create: () => Promise<RegistryUnderTest>): void {
  it('R36 pushBlob() mounts a blob of the other repository, and uploads what that one lacks', async () => {
    await using subject = await create();
    await push(open(subject), layer);
    const { client, domain } = subject;
    const other = client.repository({ domain, path: 'acme/other' }, 'pull,push', {
      mountFrom: 'acme/plugin',
    });
    const mounted = other.pushBlob(blobOf(layer), () => assert.fail('the source was opened'));
    assert.equal(await mounted, 'mounted');
    assert.ok(layer.equals(await download(other, blobOf(layer))));
    assert.equal(await push(other, config), 'uploaded');
  });
}
