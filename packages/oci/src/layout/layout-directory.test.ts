import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { copyArtifact } from '../artifacts/copy-artifact.ts';
import { digestHex, digestOf } from '../digests/digest.ts';
import { encodeIndex } from '../manifests/image-index.ts';
import { mediaTypes } from '../manifests/media-types.ts';
import { MemoryRegistry } from '../memory/memory-registry.ts';
import { createMemoryRegistryClient } from '../memory/memory-registry-client.ts';
import type { Repository } from '../registry/registry-client.ts';
import { pushTestArtifact } from '../testing/pushed-artifact.ts';
import { openLayout } from './layout-directory.ts';
import { entryName } from './layout-entry.ts';

const acme = { domain: 'registry.test', path: 'acme/a' };

describe('openLayout()', () => {
  let directory: string;
  let repository: Repository;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'outboard-layout-'));
    const client = createMemoryRegistryClient(new Map([['registry.test', new MemoryRegistry()]]));
    repository = client.repository(acme, 'pull,push');
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('takes a copy of every platform and its signatures, and gives the same digests back', async () => {
    const platforms = await Promise.all(
      ['amd64', 'arm64'].map(async (architecture) => ({
        ...(await pushTestArtifact(repository, { text: architecture })),
        platform: { os: 'linux', architecture },
      })),
    );
    const bytes = encodeIndex(platforms);
    await repository.pushManifest('v1', { mediaType: mediaTypes.ociIndex, bytes });
    const subject = { mediaType: mediaTypes.ociIndex, digest: digestOf(bytes), size: bytes.length };
    const signature = await pushTestArtifact(repository, {
      text: 'signature',
      configType: 'application/vnd.example.signature',
      subject,
    });

    const layout = await openLayout(join(directory, 'new/layout'), { create: true });
    const copied = await copyArtifact(repository, layout.writer(acme), 'v1', { referrers: true });
    assert.equal(copied.descriptor.digest, subject.digest);
    const entries = await layout.entries();
    assert.deepEqual(
      entries.map((entry) => [entryName(entry), entry.isReferrer]),
      [
        ['registry.test/acme/a:v1', false],
        [signature.digest, true],
      ].toSorted(() => (entries[0]?.isReferrer === true ? -1 : 1)),
    );

    const back = createMemoryRegistryClient(new Map([['to.test', new MemoryRegistry()]])).repository(
      { domain: 'to.test', path: 'b' },
      'pull,push',
    );
    const reader = await (await openLayout(join(directory, 'new/layout'))).reader(acme);
    const again = await copyArtifact(reader, back, 'v1', { referrers: true });
    assert.deepEqual(new Set(again.manifests), new Set(copied.manifests));
    assert.deepEqual(
      (await back.referrers(subject.digest)).map(({ digest }) => digest),
      [signature.digest],
    );
  });

  it('replaces the entry of a name, keeps others, and copies a present blob never again', async () => {
    const layout = await openLayout(directory, { create: true });
    await pushTestArtifact(layout.writer(), { text: 'one', tag: 'v1' });
    await pushTestArtifact(layout.writer(acme), { text: 'one', tag: 'v1' });
    const two = await pushTestArtifact(layout.writer(), { text: 'two', tag: 'v1' });
    assert.deepEqual((await layout.entries()).map(entryName), ['registry.test/acme/a:v1', 'v1']);
    const elsewhere = await layout.reader({ domain: 'registry.test', path: 'other' });
    assert.equal((await elsewhere.resolve('v1')).descriptor.digest, two.digest);
    const blob = { mediaType: 'text/plain', digest: digestOf(Buffer.from('one')), size: 3 };
    assert.equal(await layout.writer().pushBlob(blob, () => assert.fail('it reads the source')), 'exists');
  });

  it('keeps the entries of writers that write at the same time', async () => {
    const layout = await openLayout(directory, { create: true });
    const tags = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    await Promise.all(
      tags.map(async (tag) => {
        const other = await openLayout(directory, { create: true });
        await pushTestArtifact(other.writer(), { text: tag, tag });
      }),
    );
    assert.deepEqual((await layout.entries()).map(entryName).toSorted(), tags);
    const names = await readdir(directory);
    assert.deepEqual(names.toSorted(), ['blobs', 'index.json', 'oci-layout']);
  });

  it('R01 stores nothing of a blob whose content differs', async () => {
    const layout = await openLayout(directory, { create: true });
    const right = Buffer.from('right');
    const descriptor = { mediaType: 'text/plain', digest: digestOf(right), size: right.length };
    for (const wrong of ['wrong', 'longer than it', 'r']) {
      const push = layout.writer().pushBlob(descriptor, async () => Readable.from([Buffer.from(wrong)]));
      await assert.rejects(push, { kind: 'invalid' });
    }
    assert.deepEqual(await readdir(join(directory, 'blobs/sha256')), []);
  });

  it('R01 refuses a blob that was changed, and names its file', async () => {
    const layout = await openLayout(directory, { create: true });
    const manifest = await pushTestArtifact(layout.writer(acme), { text: 'one', tag: 'v1' });
    const reader = await layout.reader(acme);
    const layer = { mediaType: 'text/plain', digest: digestOf(Buffer.from('one')), size: 3 };
    await writeFile(join(directory, 'blobs/sha256', digestHex(layer.digest)), 'two');
    await assert.rejects(async () => {
      for await (const _ of await reader.openBlob(layer)) {
        // Read to the end, where the content is known.
      }
    }, /blobs\/sha256\/.*is damaged/);
    await writeFile(join(directory, 'blobs/sha256', digestHex(manifest.digest)), '{}');
    await assert.rejects(reader.resolve('v1'), { kind: 'invalid', message: /is damaged/ });
  });

  it('refuses what is no layout, and documents that are no files', async () => {
    await assert.rejects(openLayout(directory), { kind: 'not-found', code: 'not-a-layout' });
    await mkdir(join(directory, 'oci-layout'));
    await assert.rejects(openLayout(directory), /oci-layout/);
    await rm(join(directory, 'oci-layout'), { recursive: true });
    await writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion":"2.0.0"}');
    await assert.rejects(openLayout(directory), { kind: 'invalid', message: /"2\.0\.0", want 1\.0\.0/ });
    await writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    await assert.rejects((await openLayout(directory)).entries(), { code: 'not-a-layout' });
    await symlink('/dev/zero', join(directory, 'index.json'));
    await assert.rejects((await openLayout(directory)).entries(), /not a regular file/);
  });

  it('reads an index of entries that have one name and a platform each', async () => {
    const layout = await openLayout(directory, { create: true });
    const names: string[] = [];
    for (const architecture of ['amd64', 'arm64']) {
      const pushed = await pushTestArtifact(layout.writer(), { text: architecture });
      names.push(pushed.digest);
      const index = JSON.parse(await readFile(join(directory, 'index.json'), 'utf8'));
      index.manifests.push({
        ...pushed,
        platform: { os: 'linux', architecture },
        annotations: { 'org.opencontainers.image.ref.name': 'v1' },
      });
      await writeFile(join(directory, 'index.json'), JSON.stringify(index));
    }
    const resolved = await (await layout.reader(acme)).resolve('v1');
    assert.equal(resolved.descriptor.mediaType, mediaTypes.ociIndex);
    assert.deepEqual(
      JSON.parse(resolved.bytes.toString()).manifests.map(({ digest }: { digest: string }) => digest),
      names,
    );
  });
});
