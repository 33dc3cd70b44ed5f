import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import {
  type Descriptor,
  digestOf,
  encodeManifest,
  layoutAnnotations,
  mediaTypes,
  openLayout,
  parsePlatform,
  type RepositoryWriter,
} from '@outboard/oci';
import { RootTree } from '../tree/root-tree.ts';
import { applyImage } from './apply-image.ts';
import { findDirectoryImage } from './image-files.ts';
import { openSpool } from './spool.ts';

/** Push an image whose only layer is a text. */
async function pushImage(to: RepositoryWriter, text: string): Promise<Descriptor> {
  const push = async (mediaType: string, content: string) => {
    const bytes = Buffer.from(content);
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
    await to.pushBlob(descriptor, async () => Readable.from([bytes]));
    return descriptor;
  };
  const config = await push(mediaTypes.ociImageConfig, '{}');
  const layers = [await push(mediaTypes.ociLayerGzip, text)];
  const mediaType = mediaTypes.ociManifest;
  const bytes = encodeManifest({ mediaType, config, layers });
  return {
    mediaType,
    digest: await to.pushManifest(digestOf(bytes), { mediaType, bytes }),
    size: bytes.length,
  };
}

describe('findDirectoryImage()', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ob-base-'));
  });
  after(() => rm(directory, { recursive: true }));

  /** A layout with two images. @param fields of the entry of each */
  async function makeLayout(name: string, fields: (index: number) => object) {
    const layout = await openLayout(join(directory, name), { create: true });
    const found = [];
    for (const index of [0, 1]) {
      const descriptor = await pushImage(layout.writer(), `${index}`);
      const { annotations = {}, ...more } = { annotations: {}, ...fields(index) };
      await layout.list({ ...descriptor, ...more }, annotations);
      found.push(descriptor);
    }
    return { directory: layout.directory, found };
  }

  test('refuses several images, and names them', async () => {
    await using spool = await openSpool();
    const made = await makeLayout('two', (index) => ({
      annotations: { [layoutAnnotations.refName]: `acme/image:v${index}` },
    }));
    await assert.rejects(findDirectoryImage(made.directory, { spool }), {
      kind: 'invalid',
      message: /^the base holds 2 images, want one: .*acme\/image:v0, .*acme\/image:v1$/,
    });
  });

  test('takes entries of several platforms for one image', async () => {
    await using spool = await openSpool();
    const [arm64, s390x] = [parsePlatform('linux/arm64'), parsePlatform('linux/s390x')];
    const made = await makeLayout('platforms', (index) => ({ platform: index === 0 ? arm64 : s390x }));
    const image = await findDirectoryImage(made.directory, { spool });
    assert.ok(image);
    const options = { platform: s390x, spool, onProgress: () => undefined };
    // The layer is no archive, which shows that the image was found and its blob verified.
    await assert.rejects(applyImage(new RootTree(), image.reader, image.wanted, options), {
      kind: 'invalid',
    });
    const index = await image.reader.resolve(image.wanted);
    assert.equal(index.descriptor.mediaType, 'application/vnd.oci.image.index.v1+json');
    const none = { ...options, platform: parsePlatform('linux/riscv64') };
    await assert.rejects(applyImage(new RootTree(), image.reader, image.wanted, none), {
      message: /no matching manifest for linux\/riscv64/,
    });
  });
});
