import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { digestHex, digestOf } from '../digests/digest.ts';
import { createTarWriter } from '../layers/tar/tar-writer.ts';
import { parseManifest } from '../manifests/image-manifest.ts';
import { mediaTypes } from '../manifests/media-types.ts';
import { createMemoryContentStore } from '../memory/memory-content-store.ts';
import { createLayoutReader } from './layout-reader.ts';
import { readLayoutArchive } from './read-layout-archive.ts';

const layers = [Buffer.from('the lower layer'), Buffer.from('the upper layer')] as const;
const config = Buffer.from(
  JSON.stringify({
    os: 'linux',
    architecture: 'amd64',
    rootfs: { diff_ids: layers.map((layer) => digestOf(layer)) },
  }),
);
const configName = `${digestHex(digestOf(config))}.json`;

interface Piece {
  readonly name: string;
  readonly content?: string | Buffer;
  /** Target of a symbolic link. */
  readonly link?: string;
}

function tar(pieces: readonly Piece[]): Buffer {
  const out: Buffer[] = [];
  const writer = createTarWriter((chunk) => void out.push(Buffer.from(chunk)));
  for (const { name, content = '', link } of pieces) {
    writer.onEntry({
      ...{ type: link === undefined ? 'file' : 'symlink', name: Buffer.from(name) },
      ...{ size: Buffer.byteLength(content), mode: 0o644, uid: 0, gid: 0, modifiedAt: 0 },
      ...{ linkName: Buffer.from(link ?? ''), deviceMajor: 0, deviceMinor: 0, xattrs: new Map() },
    });
    if (content.length > 0) writer.onContent(Buffer.from(content));
    writer.onEntryEnd();
  }
  writer.end();
  return Buffer.concat(out);
}

const list = (image: object) => ({ name: 'manifest.json', content: JSON.stringify([image]) });
const image = { Config: configName, RepoTags: ['acme/image:v1'], Layers: ['one/layer.tar', 'two/layer.tar'] };

/** As Docker before version 25 writes it: each layer in a directory, with documents that nobody reads. */
const docker: readonly Piece[] = [
  { name: configName, content: config },
  { name: 'one/VERSION', content: '1.0' },
  { name: 'one/json', content: '{}' },
  { name: 'one/layer.tar', content: layers[0] },
  { name: 'two/layer.tar', content: layers[1] },
  list(image),
  { name: 'repositories', content: '{}' },
];

async function read(bytes: Buffer) {
  const content = createMemoryContentStore();
  await using lease = content.lease();
  async function* source() {
    for (let at = 0; at < bytes.length; at += 700) yield bytes.subarray(at, at + 700);
  }
  const entries = await readLayoutArchive(source(), { content, lease });
  return { entries, content };
}

async function manifestOf(pieces: readonly Piece[], compress = false) {
  const bytes = tar(pieces);
  const layout = await read(compress ? gzipSync(bytes) : bytes);
  const reader = createLayoutReader(
    { entries: layout.entries, blobs: layout.content },
    { domain: 'docker.io', path: 'acme/image' },
  );
  const { bytes: manifest, descriptor } = await reader.resolve('v1');
  return parseManifest(manifest, descriptor.mediaType);
}

describe('archives of docker save', () => {
  for (const [title, pieces, compress] of [
    ['of Docker before version 25', docker, false],
    ['with the list first, compressed', [...docker].reverse(), true],
    [
      'of Podman, whose layers have links',
      [
        { name: `${digestHex(digestOf(layers[0]))}.tar`, content: layers[0] },
        { name: `${digestHex(digestOf(layers[1]))}.tar`, content: layers[1] },
        { name: 'one/layer.tar', link: `../${digestHex(digestOf(layers[0]))}.tar` },
        { name: 'two/layer.tar', link: `../${digestHex(digestOf(layers[1]))}.tar` },
        { name: configName, content: config },
        list(image),
      ],
      false,
    ],
  ] as const) {
    test(`are read: one ${title}`, async () => {
      const manifest = await manifestOf(pieces, compress);
      assert.equal(manifest.config.mediaType, mediaTypes.dockerImageConfig);
      assert.equal(manifest.config.digest, digestOf(config));
      assert.deepEqual(
        manifest.layers.map(({ mediaType, digest }) => [mediaType, digest]),
        layers.map((layer) => [mediaTypes.dockerLayer, digestOf(layer)]),
      );
    });
  }

  test('keep layers that a build tool has compressed', async () => {
    const compressed = layers.map((layer) => gzipSync(layer));
    const names = ['a.tar.gz', 'b.tar.gz'];
    const { layers: found } = await manifestOf([
      ...compressed.map((content, index) => ({ name: names[index] ?? '', content })),
      { name: `sha256:${digestHex(digestOf(config))}`, content: config },
      list({ ...image, Config: `sha256:${digestHex(digestOf(config))}`, Layers: names }),
    ]);
    assert.deepEqual(
      found.map(({ mediaType, digest }) => [mediaType, digest]),
      compressed.map((layer) => [mediaTypes.dockerLayerGzip, digestOf(layer)]),
    );
  });

  test('name each image by all of its tags, and not at all without', async () => {
    const tagged = await read(tar([...docker.slice(0, 5), list({ ...image, RepoTags: ['a:1', 'b:2'] })]));
    assert.deepEqual(
      tagged.entries.map(({ reference }) => reference?.path),
      ['library/a', 'library/b'],
    );
    const { entries } = await read(tar([...docker.slice(0, 5), list({ ...image, RepoTags: null })]));
    assert.deepEqual([entries.length, entries[0]?.reference], [1, undefined]);
  });

  for (const [title, pieces, message] of [
    [
      'a layer of other content',
      [...docker, { name: 'x', content: '' }].map(damage('one/layer.tar')),
      /layer 1 .* damaged/,
    ],
    ['a config of other content', docker.map(damage(configName)), /is damaged: it has the content of/],
    [
      'a list that names what is not there',
      [...docker.slice(0, 4), list(image)],
      /"two\/layer\.tar", which is not there/,
    ],
    [
      'a name that leaves the archive',
      [...docker.slice(0, 5), list({ ...image, Config: '../../etc/passwd' })],
      /is not there/,
    ],
    ['a list that is none', [{ name: 'manifest.json', content: '{}' }], /manifest\.json/],
    [
      'a file twice',
      [docker[3], docker[3], ...docker.slice(4)].flatMap((piece) => piece ?? []),
      /in the archive twice/,
    ],
    [
      'links in a circle',
      [
        { name: 'one/layer.tar', link: '../two/layer.tar' },
        { name: 'two/layer.tar', link: '../one/layer.tar' },
        { name: configName, content: config },
        list(image),
      ],
      /is not there/,
    ],
  ] as const) {
    test(`R01 are refused: ${title}`, async () => {
      await assert.rejects(read(tar(pieces)), { kind: 'invalid', message });
    });
  }
});

function damage(name: string) {
  return (piece: Piece): Piece => (piece.name === name ? { ...piece, content: 'other content' } : piece);
}
