import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { digestHex, digestOf } from '../digests/digest.ts';
import { createTarWriter } from '../layers/tar/tar-writer.ts';
import { mediaTypes } from '../manifests/media-types.ts';
import { createMemoryContentStore, type MemoryContentStore } from '../memory/memory-content-store.ts';
import { MemoryRegistry } from '../memory/memory-registry.ts';
import { createMemoryRegistryClient } from '../memory/memory-registry-client.ts';
import type { Repository } from '../registry/registry-client.ts';
import { pushTestArtifact } from '../testing/pushed-artifact.ts';
import { rawHeader } from '../testing/raw-archive.ts';
import { readArtifactTree } from './artifact-tree.ts';
import { layoutAnnotations } from './layout-entry.ts';
import { createLayoutReader } from './layout-reader.ts';
import { readLayoutArchive } from './read-layout-archive.ts';
import { type ArchivedArtifact, writeLayoutArchive } from './write-layout-archive.ts';

const acme = { domain: 'registry.test', path: 'acme/a' };
const layoutVersion = { name: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' };
const emptyIndex = { name: 'index.json', content: '{"schemaVersion":2,"manifests":[]}' };

async function* chunksOf(bytes: Buffer, size = 1000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

interface Piece {
  readonly name: string;
  readonly content?: string;
  readonly type?: 'file' | 'symlink' | 'directory';
  readonly size?: number;
}

function tar(pieces: readonly Piece[]): Buffer {
  const out: Buffer[] = [];
  const writer = createTarWriter((chunk) => void out.push(Buffer.from(chunk)));
  for (const { name, content = '', type = 'file' } of pieces) {
    writer.onEntry({
      ...{ type, name: Buffer.from(name), size: content.length, mode: 0o644, uid: 0, gid: 0 },
      ...{ linkName: Buffer.from(type === 'symlink' ? 'x' : ''), modifiedAt: 0 },
      ...{ deviceMajor: 0, deviceMinor: 0, xattrs: new Map() },
    });
    if (content !== '') writer.onContent(Buffer.from(content));
    writer.onEntryEnd();
  }
  writer.end();
  return Buffer.concat(out);
}

describe('archives of OCI image layouts', () => {
  let repository: Repository;
  let content: MemoryContentStore;

  beforeEach(() => {
    const client = createMemoryRegistryClient(new Map([['registry.test', new MemoryRegistry()]]));
    repository = client.repository(acme, 'pull,push');
    content = createMemoryContentStore();
  });

  async function artifact(tag: string): Promise<ArchivedArtifact> {
    const root = await repository.resolve(tag);
    return {
      root,
      tree: await readArtifactTree(repository, root),
      names: [{ [layoutAnnotations.refName]: `registry.test/acme/a:${tag}` }],
      openBlob: (blob, options) => repository.openBlob(blob, options),
    };
  }

  async function archiveOf(...tags: readonly string[]): Promise<Buffer> {
    const chunks: Buffer[] = [];
    const artifacts = await Promise.all(tags.map(artifact));
    for await (const chunk of writeLayoutArchive(artifacts)) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  }

  async function read(bytes: Buffer) {
    await using lease = content.lease();
    return await readLayoutArchive(chunksOf(bytes), { content, lease });
  }

  it('hold several artifacts, shared blobs once, and the same bytes each time', async () => {
    await pushTestArtifact(repository, { text: 'one', tag: 'v1' });
    await pushTestArtifact(repository, { text: 'one', tag: 'v2', configType: 'application/x.other' });
    const archive = await archiveOf('v1', 'v2');
    assert.deepEqual(await archiveOf('v1', 'v2'), archive);
    const layer = digestHex(digestOf(Buffer.from('one')));
    assert.equal(archive.toString('latin1').split(`blobs/sha256/${layer}`).length, 2);
    const entries = await read(archive);
    const reader = createLayoutReader({ entries, blobs: content }, acme);
    for (const tag of ['v1', 'v2']) {
      assert.deepEqual(await reader.resolve(tag), await repository.resolve(tag));
    }
    assert.equal(content.digests.length, 4);
    assert.equal(content.openIngests, 0);
    await assert.rejects(reader.resolve('v3'), {
      kind: 'not-found',
      message:
        'registry.test/acme/a:v3 is not in the archive or directory, which holds registry.test/acme/a:v1, registry.test/acme/a:v2',
    });
  });

  it('are read compressed, with any order of entries, and with files of other formats among them', async () => {
    const blob = 'content';
    const name = `blobs/sha256/${digestHex(digestOf(Buffer.from(blob)))}`;
    const pieces: Piece[] = [
      { name: 'blobs', type: 'directory' },
      { name: `./${name}`, content: blob },
      { name: 'manifest.json', content: '[]' },
      { name: 'abc/layer.tar', type: 'symlink' },
      { name: 'blobs/blake3/abc', content: 'x' },
      emptyIndex,
      layoutVersion,
    ];
    for (const bytes of [tar(pieces), tar(pieces.toReversed()), gzipSync(tar(pieces))]) {
      assert.deepEqual(await read(bytes), []);
      assert.deepEqual(content.digests, [digestOf(Buffer.from(blob))]);
    }
  });

  it('A34 are refused wherever they are cut off', async () => {
    await pushTestArtifact(repository, { text: 'one', tag: 'v1' });
    const archive = await archiveOf('v1');
    // Without its end marker an archive is complete.
    for (let length = 0; length < archive.length - 1024; length += 200) {
      const cut = archive.subarray(0, length);
      await assert.rejects(
        async () => {
          const entries = await read(cut);
          const reader = createLayoutReader({ entries, blobs: content }, acme);
          await readArtifactTree(reader, await reader.resolve('v1')).then(async ({ blobs }) => {
            for (const blob of blobs.values()) await reader.readBlob(blob, { maxBytes: 100 });
          });
        },
        (error: { kind?: string }) => error.kind === 'invalid' || error.kind === 'not-found',
        `${length} bytes`,
      );
      assert.equal(content.openIngests, 0);
      await content.sweep(() => false);
    }
  });

  it('A34 R01 are refused with any one bit of a blob or header changed', async () => {
    await pushTestArtifact(repository, { text: 'one', tag: 'v1' });
    const archive = await archiveOf('v1');
    const end = archive.length - 1024;
    const used = Array.from({ length: end }, (_, at) => at).filter((at) => archive[at] !== 0);
    const digest = (await repository.resolve('v1')).descriptor.digest;
    for (const at of used.filter((_, index) => index % 7 === 0)) {
      const changed = Buffer.from(archive);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const outcome = await read(changed).then(
        (entries) => entries,
        (error: { kind?: string }) => error.kind,
      );
      // index.json is not named by a digest: what it names is then another name, or not there.
      if (Array.isArray(outcome)) {
        const found = outcome.map(({ descriptor }) => descriptor.digest);
        assert.ok(found[0] === digest || !content.digests.includes(found[0]), `byte ${at}`);
      } else assert.equal(outcome, 'invalid', `byte ${at}`);
      assert.equal(content.openIngests, 0);
      await content.sweep(() => false);
    }
  });

  const hex = digestHex(digestOf(Buffer.from('x')));
  for (const [title, bytes, message] of [
    ['nothing at all', Buffer.alloc(0), /no "index\.json": it is empty/],
    ['zeros', Buffer.alloc(2048), /no "index\.json": it is empty/],
    [
      'text',
      Buffer.from('this is not an archive, but a text that is longer than a header'.repeat(20)),
      /archive/,
    ],
    [
      'a plugin directory',
      tar([
        { name: 'config.json', content: '{}' },
        { name: 'rootfs', type: 'directory' },
      ]),
      /outboard create/,
    ],
    [
      'a docker save of no image',
      tar([
        { name: 'abc/layer.tar', content: 'x' },
        { name: 'manifest.json', content: '[]' },
      ]),
      /want at least one image/,
    ],
    ['other files', tar([{ name: 'README', content: 'x' }]), /it holds "README"/],
    ['no oci-layout', tar([emptyIndex]), /no "oci-layout"/],
    [
      'another version',
      tar([emptyIndex, { name: 'oci-layout', content: '{"imageLayoutVersion":"2.0.0"}' }]),
      /"2\.0\.0"/,
    ],
    ['two indexes', tar([layoutVersion, emptyIndex, emptyIndex]), /"index\.json" is in the archive twice/],
    [
      'an index that is a link',
      tar([layoutVersion, { name: 'index.json', type: 'symlink' }]),
      /is a symlink/,
    ],
    [
      'R28 an index with a field twice',
      tar([
        layoutVersion,
        { name: 'index.json', content: '{"schemaVersion":2,"manifests":[],"Manifests":[]}' },
      ]),
      /manifests/i,
    ],
    [
      'R01 a blob with another name',
      tar([{ name: `blobs/sha256/${hex}`, content: 'y' }]),
      /blob sha256:.* is damaged/,
    ],
    [
      'R02 a blob whose name is no digest',
      tar([{ name: 'blobs/sha256/abc', content: 'y' }]),
      /not named by a digest/,
    ],
    [
      'R02 a blob in upper case',
      tar([{ name: `blobs/sha256/${hex.toUpperCase()}`, content: 'x' }]),
      /not named by a digest/,
    ],
    [
      'A01 a blob that leads out',
      tar([{ name: `blobs/sha256/../../${hex}`, content: 'x' }]),
      /"\.\." component/,
    ],
    [
      'a blob that is a link',
      tar([{ name: `blobs/sha256/${hex}`, type: 'symlink' }]),
      /is a symlink, want a file/,
    ],
    [
      'R19 an index of 5 MiB',
      Buffer.concat([rawHeader({ name: 'index.json', size: 5 * 1024 * 1024 })]),
      /at most 4194304/,
    ],
    [
      'A39 more than 65,536 entries',
      Buffer.concat(Array<Buffer>(65_537).fill(rawHeader({ name: 'f' }))),
      /more than 65536 entries/,
    ],
    [
      'A35 320 MiB of zeros after its end',
      Buffer.concat([
        gzipSync(tar([layoutVersion, emptyIndex])),
        ...Array<Buffer>(80).fill(gzipSync(Buffer.alloc(4 * 1024 * 1024), { level: 1 })),
      ]),
      /beside the content/,
    ],
    [
      'A38 an archive within a compressed one',
      gzipSync(gzipSync(tar([layoutVersion, emptyIndex]))),
      /archive/,
    ],
    [
      'foreign content without end',
      Buffer.concat([rawHeader({ name: 'video', size: 2 ** 32 })]),
      /not part of an OCI image layout/,
    ],
  ] as const) {
    it(`${title}: refused`, async () => {
      const error = await read(bytes).then(
        () => assert.fail('it was read'),
        (caught: unknown) => caught,
      );
      assert.ok(error instanceof Error && 'kind' in error);
      assert.equal(error.kind, 'invalid');
      assert.match(error.message, message);
      assert.match(error.message, /^cannot read the archive: /);
      assert.equal(content.openIngests, 0);
      assert.equal(content.openLeases, 0);
    });
  }

  it('R06 R07 refuse manifests of unknown types, and sizes that differ', async () => {
    const manifest = await pushTestArtifact(repository, { text: 'one', tag: 'v1' });
    const entries = await read(await archiveOf('v1'));
    const [entry] = entries;
    assert.ok(entry);
    for (const [change, message] of [
      [{ mediaType: 'text/plain' }, /is no manifest/],
      [{ size: manifest.size + 1 }, /"index\.json" says/],
      [{ mediaType: mediaTypes.ociIndex }, undefined],
    ] as const) {
      const descriptor = { ...entry.descriptor, ...change };
      const reader = createLayoutReader({ entries: [{ ...entry, descriptor }], blobs: content }, acme);
      const readAll = async () => readArtifactTree(reader, await reader.resolve('v1'));
      await assert.rejects(readAll, message === undefined ? { kind: 'invalid' } : message);
    }
  });
});
