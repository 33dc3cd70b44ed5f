/**
 * The suite for all registry clients: run it on each implementation with `describeRegistryClient`.
 */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import type { Cancellable } from '@outboard/async';
import { type Digest, digestOf } from '../digests/digest.ts';
import type { Descriptor } from '../manifests/descriptor.ts';
import { encodeManifest } from '../manifests/image-manifest.ts';
import { mediaTypes } from '../manifests/media-types.ts';
import type { PushedBlob, RegistryClient, RegistryCredentials, Repository } from './registry-client.ts';

/** The credentials that a registry with a login accepts. */
export const suiteLogin = { username: 'alice', password: 'secret' };

/** A client and an empty registry for one test. */
export interface RegistryUnderTest extends AsyncDisposable {
  readonly client: RegistryClient;
  /** The registry's domain, such as `127.0.0.1:5000`. */
  readonly domain: string;
}

/**
 * Declare the tests of the contract for one implementation.
 * @param create starts a registry; with `needsLogin` it accepts `suiteLogin` only
 */
export function describeRegistryClient(
  name: string,
  create: (options: { readonly needsLogin: boolean }) => Promise<RegistryUnderTest>,
): void {
  /** Declare one test on a repository of its own. */
  function test(title: string, body: (repository: Repository) => Promise<void>): void {
    it(title, async () => {
      await using subject = await create({ needsLogin: false });
      await body(open(subject));
    });
  }

  describe(`${name}: blobs`, () => testBlobs(test));
  describe(`${name}: uploads`, () => testUploads(test));
  describe(`${name}: manifests`, () => testManifests(test));
  describe(`${name}: lists`, () => testLists(test));
  describe(`${name}: removal`, () => testRemoval(test));
  describe(`${name}: mounts`, () => testMounts(() => create({ needsLogin: false })));
  describe(`${name}: cancellation`, () => testCancellation(test));
  describe(`${name}: credentials`, () => testCredentials(() => create({ needsLogin: true })));
}

type DeclareTest = (title: string, body: (repository: Repository) => Promise<void>) => void;

const layer = Buffer.alloc(300_000, 'layer');
const config = Buffer.from('{"config":true}');

function testBlobs(test: DeclareTest): void {
  test('a blob reads back as it was pushed', async (repository) => {
    assert.equal(await push(repository, layer), 'uploaded');
    assert.equal(await repository.hasBlob(digestOf(layer)), true);
    assert.ok(layer.equals(await download(repository, blobOf(layer))));
    assert.ok(layer.equals(await repository.readBlob(blobOf(layer), { maxBytes: layer.length })));
  });

  test('a blob that is missing is not-found', async (repository) => {
    assert.equal(await repository.hasBlob(digestOf(layer)), false);
    await assert.rejects(repository.openBlob(blobOf(layer)), { kind: 'not-found' });
    await assert.rejects(repository.readBlob(blobOf(layer), { maxBytes: 1e6 }), { kind: 'not-found' });
  });

  test('a blob of another size than its descriptor says is refused', async (repository) => {
    await push(repository, layer);
    for (const size of [layer.length - 1, layer.length + 1]) {
      await assert.rejects(download(repository, { ...blobOf(layer), size }), { kind: 'invalid' });
    }
  });

  test('readBlob() refuses a blob larger than its bound', async (repository) => {
    await push(repository, config);
    const options = { maxBytes: config.length - 1 };
    await assert.rejects(repository.readBlob(blobOf(config), options), { kind: 'invalid' });
  });

  test('an impossible descriptor is refused', async (repository) => {
    for (const size of [-1, 0.5, Number.NaN]) {
      await assert.rejects(repository.openBlob({ ...blobOf(layer), size }), { kind: 'invalid' });
    }
  });
}

function testUploads(test: DeclareTest): void {
  test('pushBlob() sends nothing that the registry has', async (repository) => {
    await push(repository, layer);
    const result = await repository.pushBlob(blobOf(layer), () => assert.fail('the source was opened'));
    assert.equal(result, 'exists');
  });

  test('openBlob() begins at an offset within the blob', async (repository) => {
    await push(repository, layer);
    const rest = await buffer(await repository.openBlob(blobOf(layer), { offset: 5 }));
    assert.ok(layer.subarray(5).equals(rest));
    for (const offset of [layer.length, layer.length + 1]) {
      await assert.rejects(repository.openBlob(blobOf(layer), { offset }), { kind: 'invalid' });
    }
  });

  test('pushBlob() reports its progress up to the size of the blob', async (repository) => {
    const reported: number[] = [];
    await repository.pushBlob(blobOf(layer), async () => streamOf(layer), {
      onProgress: (bytes) => reported.push(bytes),
    });
    assert.equal(reported.at(-1), layer.length);
    assert.deepEqual(
      reported,
      reported.toSorted((a, b) => a - b),
    );
  });

  test('content of another size or digest than its descriptor says is refused and not kept', async (repository) => {
    const sources = [layer.subarray(1), Buffer.concat([layer, config]), Buffer.alloc(layer.length, 'other')];
    for (const source of sources) {
      const pushing = repository.pushBlob(blobOf(layer), async () => streamOf(source));
      await assert.rejects(pushing, { kind: 'invalid' });
    }
    assert.equal(await repository.hasBlob(digestOf(layer)), false);
  });
}

function testManifests(test: DeclareTest): void {
  test('a manifest is resolved by tag and by digest, byte for byte', async (repository) => {
    const { bytes, digest } = await pushImage(repository, 'v1');
    for (const name of ['v1', digest]) {
      const resolved = await repository.resolve(name);
      assert.ok(bytes.equals(resolved.bytes));
      const mediaType = mediaTypes.dockerManifest;
      assert.deepEqual(resolved.descriptor, { mediaType, digest, size: bytes.length });
    }
  });

  test('a tag moves to the manifest that was pushed last', async (repository) => {
    const first = await pushImage(repository, 'v1', Buffer.from('{"first":true}'));
    const second = await pushImage(repository, 'v1');
    assert.equal((await repository.resolve('v1')).descriptor.digest, second.digest);
    assert.equal((await repository.resolve(first.digest)).descriptor.digest, first.digest);
  });

  test('a manifest pushed by digest is found by it', async (repository) => {
    const { bytes, digest } = await pushImage(repository, 'v1');
    const manifest = { mediaType: mediaTypes.dockerManifest, bytes };
    assert.equal(await repository.pushManifest(digest, manifest), digest);
    await assert.rejects(repository.pushManifest(digestOf(config), manifest), { kind: 'invalid' });
  });

  test('a tag or digest that names nothing is not-found, with its reference in the message', async (repository) => {
    await pushImage(repository, 'v1');
    await assert.rejects(repository.resolve('v2'), { kind: 'not-found', message: /:v2: not found$/ });
    const digest = digestOf(Buffer.from('unknown'));
    const message = new RegExp(`@${digest}: not found$`);
    await assert.rejects(repository.resolve(digest), { kind: 'not-found', message });
  });

  test('a manifest is refused whose blobs were not pushed', async (repository) => {
    const bytes = encodeManifest({ config: configOf(config), layers: [blobOf(layer)] });
    const pushing = repository.pushManifest('v1', { mediaType: mediaTypes.dockerManifest, bytes });
    await assert.rejects(pushing, { kind: 'invalid' });
    await assert.rejects(repository.resolve('v1'), { kind: 'not-found' });
  });

  test('a malformed tag or digest is refused', async (repository) => {
    const manifest = { mediaType: mediaTypes.dockerManifest, bytes: config };
    for (const name of ['', '-', 'a/b', 'a'.repeat(129), 'sha256:abc']) {
      await assert.rejects(repository.resolve(name), { kind: 'invalid' });
      await assert.rejects(repository.pushManifest(name, manifest), { kind: 'invalid' });
    }
  });
}

function testLists(test: DeclareTest): void {
  test('listTags() lists every tag', async (repository) => {
    const { bytes } = await pushImage(repository, 'v1');
    for (const tag of ['v2', 'latest']) {
      await repository.pushManifest(tag, { mediaType: mediaTypes.dockerManifest, bytes });
    }
    assert.deepEqual((await listed(repository)).toSorted(), ['latest', 'v1', 'v2']);
  });

  test('listTags() of a repository that is not there is not-found', async (repository) => {
    await assert.rejects(listed(repository), { kind: 'not-found' });
  });

  test('referrers() lists the artifacts whose subject is the manifest', async (repository) => {
    const image = await pushImage(repository, 'v1');
    assert.deepEqual(await repository.referrers(image.digest), []);
    const subject = { mediaType: mediaTypes.dockerManifest, digest: image.digest, size: image.bytes.length };
    const signature = await pushReferrer(repository, subject, 'application/vnd.example.signature');
    const sbom = await pushReferrer(repository, subject, 'application/vnd.example.sbom');
    assert.deepEqual(
      (await repository.referrers(image.digest)).map(({ digest }) => digest).toSorted(),
      [signature, sbom].toSorted(),
    );
    const artifactType = 'application/vnd.example.sbom';
    const [only, ...others] = await repository.referrers(image.digest, { artifactType });
    assert.deepEqual([only?.digest, only?.artifactType, others], [sbom, artifactType, []]);
  });
}

function testRemoval(test: DeclareTest): void {
  test('deleteManifest() deletes a manifest and its tags', async (repository) => {
    const { digest } = await pushImage(repository, 'v1');
    await repository.deleteManifest(digest);
    for (const name of ['v1', digest]) await assert.rejects(repository.resolve(name), { kind: 'not-found' });
    await assert.rejects(repository.deleteManifest(digest), { kind: 'not-found' });
  });

  test('deleteManifest() leaves nothing in the list of referrers', async (repository) => {
    const image = await pushImage(repository, 'v1');
    const subject = { mediaType: mediaTypes.dockerManifest, digest: image.digest, size: image.bytes.length };
    const signature = await pushReferrer(repository, subject, 'application/vnd.example.signature');
    const sbom = await pushReferrer(repository, subject, 'application/vnd.example.sbom');
    const listed = async () => (await repository.referrers(image.digest)).map(({ digest }) => digest);
    await repository.deleteManifest(signature);
    assert.deepEqual(await listed(), [sbom]);
    await repository.deleteManifest(sbom);
    assert.deepEqual(await listed(), []);
    // The list itself is gone, where a tag keeps it.
    await assert.rejects(repository.resolve(image.digest.replace(':', '-')), { kind: 'not-found' });
    assert.equal((await repository.resolve('v1')).descriptor.digest, image.digest);
  });

  test('deleteBlob() deletes a blob', async (repository) => {
    await push(repository, layer);
    await repository.deleteBlob(digestOf(layer));
    assert.equal(await repository.hasBlob(digestOf(layer)), false);
    await assert.rejects(repository.deleteBlob(digestOf(layer)), { kind: 'not-found' });
  });
}

function testMounts(create: () => Promise<RegistryUnderTest>): void {
  it('R36 pushBlob() mounts a blob of the other repository, and uploads what that one lacks', async () => {
    await using subject = await create();
    await push(open(subject), layer);
    const { client, domain } = subject;
    const other = client.repository({ domain, path: 'acme/other' }, 'pull,push', {
      mountFrom: 'acme/plugin',
    });
    const mounted = other.pushBlob(blobOf(layer), () => assert.fail('the source was opened'));
    assert.equal(await mounted, 'mounted');
    assert.ok(layer.equals(await download(other, blobOf(layer))));
    assert.equal(await push(other, config), 'uploaded');
  });
}

function testCancellation(test: DeclareTest): void {
  test('an operation with an aborted signal rejects with its reason', async (repository) => {
    const reason = new Error('cancelled');
    const options = { signal: AbortSignal.abort(reason) };
    const manifest = { mediaType: mediaTypes.dockerManifest, bytes: config };
    const operations = [
      repository.resolve('v1', options),
      repository.openBlob(blobOf(layer), options),
      repository.readBlob(blobOf(layer), { ...options, maxBytes: 1e6 }),
      repository.hasBlob(digestOf(layer), options),
      repository.pushBlob(blobOf(layer), async () => streamOf(layer), options),
      repository.pushManifest('v1', manifest, options),
      listed(repository, options),
      repository.referrers(digestOf(layer), options),
      repository.deleteManifest('v1', options),
      repository.deleteBlob(digestOf(layer), options),
    ];
    for (const operation of operations) await assert.rejects(operation, (error) => error === reason);
  });

  test('a blob stops when it is aborted while it is read', async (repository) => {
    await push(repository, layer);
    const abort = new AbortController();
    const stream = await repository.openBlob(blobOf(layer), { signal: abort.signal });
    abort.abort();
    await assert.rejects(buffer(stream), { name: 'AbortError' });
  });
}

function testCredentials(create: () => Promise<RegistryUnderTest>): void {
  it('the right credentials open the registry', async () => {
    await using subject = await create();
    const repository = open(subject, suiteLogin);
    const { digest } = await pushImage(repository, 'v1');
    assert.equal((await repository.resolve('v1')).descriptor.digest, digest);
  });

  for (const [name, credentials] of [
    ['missing credentials', undefined],
    ['a wrong password', { ...suiteLogin, password: 'wrong' }],
  ] as const) {
    it(`${name} are unauthorized`, async () => {
      await using subject = await create();
      const repository = open(subject, credentials);
      await assert.rejects(repository.resolve('v1'), { kind: 'unauthorized' });
      await assert.rejects(push(repository, layer), { kind: 'unauthorized' });
    });
  }

  it('logIn() accepts the right credentials only', async () => {
    await using subject = await create();
    assert.deepEqual(await subject.client.logIn(subject.domain, suiteLogin), { identityToken: '' });
    const wrong = subject.client.logIn(subject.domain, { ...suiteLogin, password: 'wrong' });
    await assert.rejects(wrong, { kind: 'unauthorized' });
  });
}

function open({ client, domain }: RegistryUnderTest, credentials?: RegistryCredentials): Repository {
  return client.repository({ domain, path: 'acme/plugin' }, 'pull,push', credentials && { credentials });
}

function blobOf(bytes: Uint8Array): Descriptor {
  return { mediaType: mediaTypes.dockerLayerGzip, digest: digestOf(bytes), size: bytes.length };
}

function configOf(bytes: Uint8Array): Descriptor {
  return { ...blobOf(bytes), mediaType: mediaTypes.dockerPluginConfig };
}

function streamOf(bytes: Buffer): Readable {
  const half = Math.ceil(bytes.length / 2);
  return Readable.from([bytes.subarray(0, half), bytes.subarray(half)]);
}

async function push(repository: Repository, bytes: Buffer): Promise<PushedBlob> {
  return await repository.pushBlob(blobOf(bytes), async () => streamOf(bytes));
}

async function download(repository: Repository, descriptor: Descriptor): Promise<Buffer> {
  return await buffer(await repository.openBlob(descriptor));
}

async function listed(repository: Repository, options: Cancellable = {}): Promise<string[]> {
  const tags: string[] = [];
  for await (const tag of repository.listTags(options)) tags.push(tag);
  return tags;
}

/** Push an artifact with a subject. @returns its digest */
async function pushReferrer(
  repository: Repository,
  subject: Descriptor,
  artifactType: string,
): Promise<Digest> {
  const mediaType = mediaTypes.ociManifest;
  await push(repository, config);
  const descriptor = { ...blobOf(config), mediaType: 'application/vnd.oci.empty.v1+json' };
  const document = {
    schemaVersion: 2,
    mediaType,
    artifactType,
    config: descriptor,
    layers: [descriptor],
    subject,
  };
  const bytes = Buffer.from(JSON.stringify(document));
  return await repository.pushManifest(digestOf(bytes), { mediaType, bytes });
}

/** Push an image of one layer under a tag. */
async function pushImage(repository: Repository, tag: string, imageConfig: Buffer = config) {
  await push(repository, layer);
  await push(repository, imageConfig);
  const bytes = encodeManifest({ config: configOf(imageConfig), layers: [blobOf(layer)] });
  const digest = await repository.pushManifest(tag, { mediaType: mediaTypes.dockerManifest, bytes });
  return { bytes, digest };
}
