import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { digestOf } from '../digests/digest.ts';
import type { Descriptor } from '../manifests/descriptor.ts';
import { encodeIndex } from '../manifests/image-index.ts';
import { mediaTypes } from '../manifests/media-types.ts';
import { MemoryRegistry } from '../memory/memory-registry.ts';
import { createMemoryRegistryClient } from '../memory/memory-registry-client.ts';
import type { Repository } from '../registry/registry-client.ts';
import { pushTestArtifact } from '../testing/pushed-artifact.ts';
import { copyArtifact } from './copy-artifact.ts';

const helm = 'application/vnd.cncf.helm.config.v1+json';
const attestation = 'application/vnd.in-toto+json';

describe('copyArtifact()', () => {
  let registries: Map<string, MemoryRegistry>;
  let from: Repository;
  let to: Repository;

  beforeEach(() => {
    registries = new Map([
      ['from.test', new MemoryRegistry()],
      ['to.test', new MemoryRegistry()],
    ]);
    const client = createMemoryRegistryClient(registries);
    from = client.repository({ domain: 'from.test', path: 'acme/a' });
    to = client.repository({ domain: 'to.test', path: 'mirror/a' }, 'pull,push');
  });

  it('copies a Helm chart byte for byte, and its blobs once', async () => {
    const chart = { configType: helm, layerType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip' };
    const pushed = await pushTestArtifact(from, { ...chart, text: 'chart', tag: '1.0' });
    const seen: string[] = [];
    const options = { onBlob: (blob: Descriptor, how: string) => seen.push(`${how} ${blob.mediaType}`) };
    assert.deepEqual((await copyArtifact(from, to, '1.0', options)).descriptor, pushed);
    assert.deepEqual((await to.resolve('1.0')).bytes, (await from.resolve('1.0')).bytes);
    assert.deepEqual(seen.toSorted(), [`uploaded ${chart.layerType}`, `uploaded ${helm}`]);
    seen.length = 0;
    await copyArtifact(from, to, '1.0', { ...options, tag: 'stable' });
    assert.deepEqual(seen.toSorted(), [`exists ${chart.layerType}`, `exists ${helm}`]);
    assert.equal((await to.resolve('stable')).descriptor.digest, pushed.digest);
  });

  it('copies every platform of an index before its tag', async () => {
    const image = { configType: mediaTypes.ociImageConfig, layerType: mediaTypes.ociLayerGzip };
    const [amd64, arm64] = [
      await pushTestArtifact(from, { ...image, text: 'amd64' }),
      await pushTestArtifact(from, { ...image, text: 'arm64' }),
    ];
    const bytes = encodeIndex([amd64, arm64]);
    await from.pushManifest('v1', { mediaType: mediaTypes.ociIndex, bytes });
    const { manifests, descriptor } = await copyArtifact(from, to, 'v1');
    assert.deepEqual(
      manifests.map(({ digest }) => digest),
      [amd64.digest, arm64.digest, digestOf(bytes)],
    );
    assert.deepEqual((await to.resolve('v1')).descriptor, descriptor);
  });

  it('copies attestations of every manifest on demand only', async () => {
    const image = { configType: mediaTypes.ociImageConfig, layerType: mediaTypes.ociLayerGzip };
    const pushed = await pushTestArtifact(from, { ...image, text: 'image', tag: 'v1' });
    const proof = { configType: attestation, layerType: attestation, text: 'proof', subject: pushed };
    const { digest } = await pushTestArtifact(from, proof);
    assert.equal((await copyArtifact(from, to, 'v1')).manifests.length, 1);
    assert.deepEqual(await to.referrers(pushed.digest), []);
    assert.equal((await copyArtifact(from, to, 'v1', { referrers: true })).manifests.length, 2);
    assert.deepEqual(
      (await to.referrers(pushed.digest)).map((each) => each.digest),
      [digest],
    );
  });

  it('copies on demand what cosign attaches under tags, of the index and of its manifests', async () => {
    const image = await pushTestArtifact(from, { text: 'image' });
    const index = encodeIndex([image]);
    await from.pushManifest('v1', { mediaType: mediaTypes.ociIndex, bytes: index });
    const tags = [`${digestOf(index)}.sig`, `${image.digest}.att`, `${image.digest}.sbom`].map((text) =>
      text.replace(':', '-'),
    );
    // Two of them are the same, and the signature of a signature is copied too.
    for (const [at, tag] of tags.entries()) await pushTestArtifact(from, { text: at === 0 ? 'a' : 'b', tag });
    const signature = await from.resolve(tags[0] ?? '');
    tags.push(`${signature.descriptor.digest.replace(':', '-')}.sig`);
    await pushTestArtifact(from, { text: 'c', tag: tags[3] });
    await copyArtifact(from, to, 'v1');
    for (const tag of tags) await assert.rejects(to.resolve(tag), { kind: 'not-found' });
    await copyArtifact(from, to, 'v1', { referrers: true });
    for (const tag of tags) assert.deepEqual(await to.resolve(tag), await from.resolve(tag));
  });

  it('ends where a tag names the artifact as its own signature', async () => {
    const { digest } = await pushTestArtifact(from, { text: 'image', tag: 'v1' });
    const tag = `${digest.replace(':', '-')}.sig`;
    const { bytes } = await from.resolve('v1');
    await from.pushManifest(tag, { mediaType: mediaTypes.ociManifest, bytes });
    await copyArtifact(from, to, 'v1', { referrers: true });
    assert.equal((await to.resolve(tag)).descriptor.digest, digest);
  });

  it('leaves no tag when a blob of the source is damaged', async () => {
    await pushTestArtifact(from, { configType: helm, layerType: helm, text: 'chart', tag: '1.0' });
    const blobs = registries.get('from.test')?.repository('acme/a').blobs;
    blobs?.set(digestOf(Buffer.from('chart')), Buffer.from('other'));
    await assert.rejects(copyArtifact(from, to, '1.0'), { kind: 'invalid' });
    await assert.rejects(to.resolve('1.0'), { kind: 'not-found' });
  });

  it('refuses indexes that are nested without end', async () => {
    let inner = { mediaType: mediaTypes.ociIndex, bytes: encodeIndex([]) };
    for (let depth = 0; depth < 12; depth++) {
      const digest = await from.pushManifest(digestOf(inner.bytes), inner);
      const entry = { mediaType: inner.mediaType, digest, size: inner.bytes.length };
      inner = { mediaType: mediaTypes.ociIndex, bytes: encodeIndex([entry]) };
    }
    await from.pushManifest('deep', inner);
    await assert.rejects(copyArtifact(from, to, 'deep'), { kind: 'invalid', message: /8 deep/ });
  });

  it('ends with the reason of its signal', async () => {
    await pushTestArtifact(from, { configType: helm, layerType: helm, text: 'chart', tag: '1.0' });
    const reason = new Error('cancelled');
    const copying = copyArtifact(from, to, '1.0', { signal: AbortSignal.abort(reason) });
    await assert.rejects(copying, (error) => error === reason);
  });
});
