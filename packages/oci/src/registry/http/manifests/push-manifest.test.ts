/**
 * Manifests that are pushed: their exact bytes, and their digest.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '../../../digests/digest.ts';
import {
  createClientUnderTest,
  manifestType,
  startHostileRegistry,
} from '../../../testing/hostile-registry.ts';
import { receive } from '../../../testing/upload-registry.ts';

describe('pushManifest()', () => {
  const bytes = Buffer.from('{"schemaVersion":2}');

  it('R36 sends the exact bytes, by tag or digest, and returns their digest', async () => {
    const bodies: string[] = [];
    await using registry = await startHostileRegistry(async (request, response) => {
      bodies.push((await receive(request)).sha256);
      response.writeHead(201, { 'docker-content-digest': digestOf(bytes) }).end();
    });
    await using under = createClientUnderTest();
    const repository = under.open(registry);
    for (const name of ['v1', digestOf(bytes)]) {
      assert.equal(await repository.pushManifest(name, { mediaType: manifestType, bytes }), digestOf(bytes));
    }
    assert.deepEqual(
      bodies.map((hex) => `sha256:${hex}`),
      [digestOf(bytes), digestOf(bytes)],
    );
    assert.equal(registry.requests[0]?.headers['content-type'], manifestType);
  });
  it('R36 refuses a registry that stored another manifest', async () => {
    await using registry = await startHostileRegistry(async (request, response) => {
      await receive(request);
      response.writeHead(201, { 'docker-content-digest': digestOf(Buffer.from('x')) }).end();
    });
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry).pushManifest('v1', { mediaType: manifestType, bytes }), {
      kind: 'invalid',
    });
  });
  it('sends nothing when the bytes do not match the digest', async () => {
    await using registry = await startHostileRegistry(() => assert.fail('sent'));
    await using under = createClientUnderTest();
    const other = digestOf(Buffer.from('x'));
    await assert.rejects(under.open(registry).pushManifest(other, { mediaType: manifestType, bytes }), {
      kind: 'invalid',
    });
  });
});
