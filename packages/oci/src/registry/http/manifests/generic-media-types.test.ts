/**
 * Manifests that are served with a media type that says nothing about them.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '../../../digests/digest.ts';
import { createClientUnderTest, startHostileRegistry } from '../../../testing/hostile-registry.ts';

describe('a manifest with a generic media type', () => {
  const config = {
    mediaType: 'application/vnd.docker.plugin.v1+json',
    digest: digestOf(Buffer.from('c')),
    size: 1,
  };
  const shapes = [
    ['a manifest', { schemaVersion: 2, config, layers: [] }, 'application/vnd.oci.image.manifest.v1+json'],
    ['an index', { schemaVersion: 2, manifests: [] }, 'application/vnd.oci.image.index.v1+json'],
  ] as const;
  async function resolveUnder(contentType: string | undefined, document: unknown) {
    await using registry = await startHostileRegistry((_, response) => {
      response.writeHead(200, contentType === undefined ? {} : { 'content-type': contentType });
      response.end(JSON.stringify(document));
    });
    await using under = createClientUnderTest();
    return await under.open(registry).resolve('v1');
  }
  for (const contentType of ['application/json', 'application/octet-stream', 'text/plain', undefined]) {
    for (const [name, document, mediaType] of shapes) {
      it(`is read as ${name} by its fields when served as ${contentType}`, async () => {
        assert.equal((await resolveUnder(contentType, document)).descriptor.mediaType, mediaType);
      });
    }
  }
  it('is refused when it has the fields of both', async () => {
    const document = { schemaVersion: 2, config, layers: [], manifests: [] };
    await assert.rejects(resolveUnder('application/json', document), {
      kind: 'invalid',
      message: /ambiguous/,
    });
  });
});
