/**
 * Contract of all registry clients: credentials and cancellation.
 */
import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { it } from 'node:test';
import { digestOf } from '../digests/digest.ts';
import { mediaTypes } from '../manifests/media-types.ts';
import { blobOf, config, layer, listed, push, pushImage, streamOf } from '../testing/pushed-image.ts';
import { type DeclareTest, open, type RegistryUnderTest, suiteLogin } from '../testing/registry-subject.ts';

/** Declare the tests of operations that are cancelled. */
export function testCancellation(test: DeclareTest): void {
  test('an operation with an aborted signal rejects with its reason', async (repository) => {
    const reason = new Error('cancelled');
    const options = { signal: AbortSignal.abort(reason) };
    const manifest = { mediaType: mediaTypes.dockerManifest, bytes: config };
    const operations = [
      repository.resolve('v1', options),
      repository.openBlob(blobOf(layer), options),
      repository.readBlob(blobOf(layer), { ...options, maxBytes: 1e6 }),
      repository.hasBlob(digestOf(layer), options),
      repository.pushBlob(blobOf(layer), async () => streamOf(layer), options),
      repository.pushManifest('v1', manifest, options),
      listed(repository, options),
      repository.referrers(digestOf(layer), options),
      repository.deleteManifest('v1', options),
      repository.deleteBlob(digestOf(layer), options),
    ];
    for (const operation of operations) await assert.rejects(operation, (error) => error === reason);
  });

  test('a blob stops when it is aborted while it is read', async (repository) => {
    await push(repository, layer);
    const abort = new AbortController();
    const stream = await repository.openBlob(blobOf(layer), { signal: abort.signal });
    abort.abort();
    await assert.rejects(buffer(stream), { name: 'AbortError' });
  });
}

/** Declare the tests of logins. */
export function testCredentials(create: () => Promise<RegistryUnderTest>): void {
  it('the right credentials open the registry', async () => {
    await using subject = await create();
    const repository = open(subject, suiteLogin);
    const { digest } = await pushImage(repository, 'v1');
    assert.equal((await repository.resolve('v1')).descriptor.digest, digest);
  });

  for (const [name, credentials] of [
    ['missing credentials', undefined],
    ['a wrong password', { ...suiteLogin, password: 'wrong' }],
  ] as const) {
    it(`${name} are unauthorized`, async () => {
      await using subject = await create();
      const repository = open(subject, credentials);
      await assert.rejects(repository.resolve('v1'), { kind: 'unauthorized' });
      await assert.rejects(push(repository, layer), { kind: 'unauthorized' });
    });
  }

  it('logIn() accepts the right credentials only', async () => {
    await using subject = await create();
    assert.deepEqual(await subject.client.logIn(subject.domain, suiteLogin), { identityToken: '' });
    const wrong = subject.client.logIn(subject.domain, { ...suiteLogin, password: 'wrong' });
    await assert.rejects(wrong, { kind: 'unauthorized' });
  });
}
