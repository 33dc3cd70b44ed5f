import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { digestOf, mediaTypes, OutboardError, openFileContentStore } from '@outboard/oci';
import type { UnpackJail } from '../rootfs/unpack-jail.ts';
import { createKeyedQueue } from '../store/keyed-queue.ts';
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

test('downloadLayers() closes the stream of a layer that a failed jail did not read, and keeps none of it', async () => {
  const root = await mkdtemp(join(tmpdir(), 'outboard-layers-'));
  const content = await openFileContentStore({ root, ingestDirectory: join(root, 'ingest') });
  const lease = await content.lease();
  const stream = new Readable({ read() {} });
  // Of an image, what the download looks at.
  const image = {
    manifest: { layers: [layer], config: layer },
    resolved: { descriptor: layer, bytes },
    config: {},
    repository: { openBlob: () => Promise.resolve(stream) },
  } as unknown as PluginImage;
  await assert.rejects(
    downloadLayers(
      image,
      {
        content,
        lease,
        jail: brokenJail,
        meter: { received: () => undefined },
        downloads: createKeyedQueue(),
      },
      { onProgress: () => undefined },
    ),
    { message: 'the unpack jail ended' },
  );
  assert.equal(stream.destroyed, true);
  assert.equal((await content.stat(layer.digest)).exists, false);
  await rm(root, { recursive: true });
});
