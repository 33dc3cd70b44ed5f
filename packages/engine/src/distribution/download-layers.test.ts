import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { withResolvers } from '@outboard/async';
import type { UnpackJail } from '@outboard/container';
import { type Descriptor, digestOf, mediaTypes, OutboardError, openFileContentStore } from '@outboard/oci';
import { createBlobDownloads } from './blob-downloads.ts';
import { downloadLayers } from './download-layers.ts';
import type { PluginImage } from './plugin-image.ts';
import { transferLimits } from './transfer-limits.ts';

const bytes = Buffer.from('a layer');
const layer = { mediaType: mediaTypes.dockerLayer, digest: digestOf(bytes), size: bytes.length };

/** Fails as one does whose process ended while it waited for the first layer. */
const brokenJail: UnpackJail = {
  apply: () => Promise.reject(new OutboardError('system', 'the unpack jail ended')),
  archive: () => assert.fail('it archives'),
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
    downloads: createBlobDownloads(content),
    limits: transferLimits(),
  };
}

/** Of an image, what the download looks at. */
function imageOf(
  layers: readonly Descriptor[],
  openBlob: (blob: Descriptor) => Promise<Readable>,
): PluginImage {
  return {
    reference: { domain: 'registry.test', path: 'acme/plugin' },
    manifest: { layers, config: layer },
    resolved: { descriptor: layer, bytes },
    configBytes: bytes,
    config: {},
    repository: { openBlob },
  } as unknown as PluginImage;
}

const quiet = { onProgress: () => undefined };

test('downloadLayers() closes the stream of a layer that a failed jail did not read, and keeps none of it', async (t) => {
  const stream = new Readable({ read() {} });
  const { promise: opened, resolve: open } = withResolvers<void>();
  const apply = () => opened.then(() => brokenJail.apply(stream));
  const to = { ...(await makeDestination(t)), jail: { ...brokenJail, apply } };
  const image = imageOf([layer], async () => {
    open();
    return stream;
  });
  await assert.rejects(downloadLayers(image, to, quiet), { message: 'the unpack jail ended' });
  assert.equal(stream.destroyed, true);
  assert.equal((await to.content.stat(layer.digest)).exists, false);
});

/** Reads what it is given. */
function readingJail(read: string[]): UnpackJail {
  return {
    ...brokenJail,
    async apply(content) {
      read.push(await text(content));
      return { compression: 'none', entries: 0, size: 0, warnings: [] };
    },
  };
}

function layerOf(tar: string) {
  const content = Buffer.from(tar);
  return { mediaType: mediaTypes.dockerLayer, digest: digestOf(content), size: content.length };
}

test('A44 downloadLayers() fetches three layers at a time, and unpacks them in manifest order', async (t) => {
  const read: string[] = [];
  const to = { ...(await makeDestination(t)), jail: readingJail(read) };
  const tars = ['one', 'two', 'three', 'four', 'one'];
  const underWay: Readable[] = [];
  const requested: string[] = [];
  const atOnce: number[] = [];
  const image = imageOf(tars.map(layerOf), async ({ digest }) => {
    const stream = new Readable({ read() {} });
    const tar = tars.find((each) => layerOf(each).digest === digest) ?? '';
    requested.push(tar);
    underWay.push(stream.once('close', () => underWay.splice(underWay.indexOf(stream), 1)));
    atOnce.push(underWay.length);
    stream.push(tar);
    // The last one that may be under way is complete first, and lets the next one begin.
    if (requested.length >= 3) for (const each of [...underWay].reverse()) each.push(null);
    return stream;
  });
  await downloadLayers(image, to, quiet);
  // They begin in this order, and each looks for its own ingest first.
  assert.deepEqual(requested.slice(0, 3).sort(), ['one', 'three', 'two']);
  assert.deepEqual(requested.slice(3), ['four']);
  assert.equal(Math.max(...atOnce), 3);
  assert.deepEqual(read, tars);
});

test('downloadLayers() ends the unpacking when a later layer fails, with the error of that one', async (t) => {
  const to = { ...(await makeDestination(t)), jail: readingJail([]) };
  const [first, second] = [layerOf('one'), layerOf('two')];
  const image = imageOf([first, second], async ({ digest }) => {
    if (digest === second.digest) throw new OutboardError('not-found', 'no second layer');
    return new Readable({ read() {} });
  });
  await assert.rejects(downloadLayers(image, to, quiet), { kind: 'not-found', message: 'no second layer' });
});

test('downloadLayers() fetches nothing of layers that are too large together', async (t) => {
  const large = { ...layer, size: 6 * 1024 ** 3 };
  const image = imageOf([large, large], () => assert.fail('it fetches'));
  await assert.rejects(downloadLayers(image, await makeDestination(t), quiet), {
    kind: 'invalid',
    code: 'too-many-bytes',
    message:
      'the layers have 12884901888 bytes by their manifest, which is too much for the largest permitted plugin, of ' +
      '10737418240 bytes (max-plugin-size)',
  });
});
