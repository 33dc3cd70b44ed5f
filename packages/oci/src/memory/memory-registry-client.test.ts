import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { digestOf } from '../digests/digest.ts';
import { OutboardError } from '../errors/outboard-error.ts';
import { mediaTypes } from '../manifests/media-types.ts';
import { describeRegistryClient } from '../registry/registry-client.suite.ts';
import { suiteLogin } from '../testing/registry-subject.ts';
import { MemoryRegistry } from './memory-registry.ts';
import { createMemoryRegistryClient } from './memory-registry-client.ts';

const domain = 'registry.test';

function createSubject(login?: typeof suiteLogin) {
  const registry = new MemoryRegistry({ login });
  const client = createMemoryRegistryClient(new Map([[domain, registry]]));
  const repository = client.repository({ domain, path: 'acme/plugin' }, 'pull');
  return { registry, client, repository, stored: registry.repository('acme/plugin') };
}

describeRegistryClient('client in memory', async ({ needsLogin }) => {
  const { client } = createSubject(needsLogin ? suiteLogin : undefined);
  return { client, domain, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
});

describe('createMemoryRegistryClient()', () => {
  const bytes = Buffer.alloc(200_000, 'blob');
  const descriptor = { mediaType: mediaTypes.dockerLayer, digest: digestOf(bytes), size: bytes.length };

  it('fails a blob that holds other bytes than its digest says', async () => {
    const { repository, stored } = createSubject();
    stored.blobs.set(descriptor.digest, Buffer.alloc(bytes.length, 'other'));
    await assert.rejects(buffer(await repository.openBlob(descriptor)), { kind: 'invalid' });
    assert.equal(
      (await buffer(await repository.openBlob(descriptor, { verify: false }))).length,
      bytes.length,
    );
  });

  it('breaks blobs off after `breakBlobsAfter` bytes', async () => {
    const { registry, repository, stored } = createSubject();
    stored.blobs.set(descriptor.digest, bytes);
    registry.breakBlobsAfter = 100_000;
    const reading = buffer(await repository.openBlob(descriptor));
    await assert.rejects(reading, { kind: 'unavailable', message: /broke off after 100000 of 200000 bytes/ });
  });

  it('answers with the error of its interceptor, and notes each request', async () => {
    const { registry, repository } = createSubject();
    registry.intercept = () => {
      throw new OutboardError('unavailable', 'no');
    };
    await assert.rejects(repository.resolve('v1'), { kind: 'unavailable' });
    assert.deepEqual(registry.requests, [{ operation: 'resolve', path: 'acme/plugin', target: 'v1' }]);
  });

  it('finds no registry of another domain', async () => {
    const { client } = createSubject();
    const other = client.repository({ domain: 'other.test', path: 'a' }, 'pull');
    await assert.rejects(other.resolve('v1'), { kind: 'unavailable' });
    assert.throws(() => client.repository({ domain, path: '../a' }, 'pull'), { kind: 'invalid' });
  });
});
