import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { createKeyedQueue } from '@outboard/async';
import type { UnpackJail } from '@outboard/container';
import { type Descriptor, digestOf, mediaTypes, OutboardError, openFileContentStore } from '@outboard/oci';
import { downloadLayers } from './download-layers.ts';
import type { PluginImage } from './plugin-image.ts';

const bytes = Buffer.from('a layer');
const layer = { mediaType: mediaTypes.dockerLayer, digest: digestOf(bytes), size: bytes.length };

/** Fails as one does whose process ended while it waited for the first layer. */
const brokenJail: UnpackJail = {
  apply: () => Promise.reject(new OutboardError('system', 'the unpack jail ended')),
  finish: () => Promise.resolve(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

async function makeDestination(t: TestContext) {
  const root = await mkdtemp(join(tmpdir(), 'outboard-layers-'));
  t.after(() => rm(root, { recursive: true }));
  const content = await openFileContentStore({ root, ingestDirectory: join(root, 'ingest') });
  return {
    content,
    lease: await content.lease(),
    jail: brokenJail,
    meter: { received: () => undefined },
    downloads: createKeyedQueue(),
  };
}

/** Of an image, what the download looks at. */
function imageOf(layers: readonly Descriptor[], openBlob: () => Promise<Readable>): PluginImage {
  return {
    manifest: { layers, config: layer },
    resolved: { descriptor: layer, bytes },
    config: {},
    repository: { openBlob },
  } as unknown as PluginImage;
}

const quiet = { onProgress: () => undefined };

test('downloadLayers() closes the stream of a layer that a failed jail did not read, and keeps none of it', async (t) => {
  const to = await makeDestination(t);
  const stream = new Readable({ read() {} });
  const image = imageOf([layer], () => Promise.resolve(stream));
  await assert.rejects(downloadLayers(image, to, quiet), { message: 'the unpack jail ended' });
  assert.equal(stream.destroyed, true);
  assert.equal((await to.content.stat(layer.digest)).exists, false);
});

test('downloadLayers() fetches nothing of layers that are too large together', async (t) => {
  const large = { ...layer, size: 6 * 1024 ** 3 };
  const image = imageOf([large, large], () => assert.fail('it fetches'));
  await assert.rejects(downloadLayers(image, await makeDestination(t), quiet), {
    kind: 'invalid',
    code: 'too-many-bytes',
    message: 'the layers have 12884901888 bytes by their manifest, the limit is 11811160064',
  });
});
