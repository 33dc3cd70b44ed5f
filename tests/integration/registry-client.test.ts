/**
 * The registry client against the real registry: without authentication, and with Basic authentication.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import {
  copyArtifact,
  createRegistryClient,
  type Descriptor,
  digestOf,
  isOutboardError,
  parseReference,
  type RegistryAccess,
  type Repository,
} from '@outboard/oci';
import { registryPassword, startRegistry, type TestRegistry } from '../support/registry.ts';

const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';
const blobType = 'application/vnd.docker.image.rootfs.diff.tar.gzip';

function describeBlob(bytes: Uint8Array): Descriptor {
  return { mediaType: blobType, digest: digestOf(bytes), size: bytes.length };
}

function manifestOf(config: Descriptor, layers: readonly Descriptor[]): Buffer {
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config, layers }));
}

async function digestOfStream(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk); // byte stream
  return digestOf(Buffer.concat(chunks));
}

const account = { username: 'gordon', password: registryPassword };
const variants: readonly { name: string; auth?: typeof account; access: RegistryAccess }[] = [
  { name: 'without authentication', access: {} },
  { name: 'with Basic authentication', auth: account, access: { credentials: account } },
];

for (const variant of variants) {
  describe(`the registry client and docker-registry ${variant.name}`, () => {
    const client = createRegistryClient({ insecureRegistries: [], userAgent: 'outboard-test' });
    let registry: TestRegistry;

    before(async () => {
      registry = await startRegistry(variant.auth === undefined ? {} : { auth: variant.auth });
    });
    after(async () => {
      await client[Symbol.asyncDispose]();
      await registry.stop();
    });

    function open(path: string, access: RegistryAccess = variant.access): Repository {
      return client.repository({ domain: registry.host, path }, 'pull,push', access);
    }

    it('pulls back byte for byte what it pushed', async () => {
      const repository = open('acme/roundtrip');
      const config = Buffer.from('{"description":"a plugin"}');
      const layer = randomBytes(3 * 1024 * 1024 + 17);
      for (const bytes of [config, layer]) {
        const seen: number[] = [];
        const outcome = await repository.pushBlob(describeBlob(bytes), async () => Readable.from([bytes]), {
          onProgress: (sent) => seen.push(sent),
        });
        assert.equal(outcome, 'uploaded');
        assert.equal(seen.at(-1), bytes.length);
      }
      const bytes = manifestOf(describeBlob(config), [describeBlob(layer)]);
      const digest = await repository.pushManifest('v1', { mediaType: manifestType, bytes });
      assert.equal(digest, digestOf(bytes));

      for (const name of ['v1', digest]) {
        const resolved = await repository.resolve(name);
        assert.deepEqual(resolved.descriptor, { mediaType: manifestType, digest, size: bytes.length });
        assert.deepEqual(resolved.bytes, bytes);
      }
      assert.deepEqual(await repository.readBlob(describeBlob(config), { maxBytes: 1024 }), config);
      assert.equal(await digestOfStream(await repository.openBlob(describeBlob(layer))), digestOf(layer));
    });

    it('skips a blob that the registry has', async () => {
      const repository = open('acme/twice');
      const bytes = randomBytes(1000);
      const blob = describeBlob(bytes);
      assert.equal(await repository.hasBlob(blob.digest), false);
      assert.equal(await repository.pushBlob(blob, async () => Readable.from([bytes])), 'uploaded');
      assert.equal(await repository.hasBlob(blob.digest), true);
      const again = await repository.pushBlob(blob, async () => assert.fail('the source was opened'));
      assert.equal(again, 'exists');
    });

    it('pushes and pulls the empty blob', async () => {
      const repository = open('acme/empty');
      const blob = describeBlob(Buffer.alloc(0));
      await repository.pushBlob(blob, async () => Readable.from([]));
      assert.equal((await repository.readBlob(blob, { maxBytes: 0 })).length, 0);
    });

    it('reports a push whose content is not its descriptor, and stores nothing', async () => {
      const repository = open('acme/wrong');
      const blob = describeBlob(Buffer.from('expected'));
      await assert.rejects(
        repository.pushBlob(blob, async () => Readable.from([Buffer.from('Expected')])),
        (error) => isOutboardError(error, 'invalid') && /DIGEST_INVALID/.test(error.message),
      );
      await assert.rejects(
        repository.pushBlob(blob, async () => Readable.from([Buffer.from('short')])),
        (error) => isOutboardError(error, 'invalid') && /has 5 bytes, want 8/.test(error.message),
      );
      assert.equal(await repository.hasBlob(blob.digest), false);
    });

    it('names the object that was not found', async () => {
      const repository = open('acme/nothing');
      await assert.rejects(repository.resolve('v1'), {
        kind: 'not-found',
        message: `${registry.host}/acme/nothing:v1: not found`,
      });
      const blob = describeBlob(Buffer.from('never pushed'));
      await assert.rejects(repository.openBlob(blob), { kind: 'not-found' });
    });

    it('refuses a manifest whose blobs were not pushed', async () => {
      const missing = describeBlob(Buffer.from('missing'));
      const bytes = manifestOf(missing, [missing]);
      await assert.rejects(
        open('acme/unready').pushManifest('v1', { mediaType: manifestType, bytes }),
        (error) => isOutboardError(error, 'invalid') && /MANIFEST_BLOB_UNKNOWN/.test(error.message),
      );
    });

    it('stops a pull and a push when the signal aborts', async () => {
      const repository = open('acme/cancel');
      const bytes = randomBytes(8 * 1024 * 1024);
      const blob = describeBlob(bytes);
      const pushing = new AbortController();
      const reason = new Error('the client left');
      const push = repository.pushBlob(blob, async () => Readable.from(halves(bytes)), {
        signal: pushing.signal,
        onProgress: () => pushing.abort(reason),
      });
      await assert.rejects(push, reason);
      assert.equal(await repository.hasBlob(blob.digest), false);

      await repository.pushBlob(blob, async () => Readable.from([bytes]));
      const pulling = new AbortController();
      const stream = await repository.openBlob(blob, { signal: pulling.signal });
      await assert.rejects(async () => {
        for await (const _ of stream) pulling.abort(reason);
      }, reason);
    });

    if (variant.auth !== undefined) {
      it('is unauthorized without or with wrong credentials, and keeps the password out of the error', async () => {
        const wrong = { credentials: { username: 'gordon', password: 'hunter2' } };
        for (const access of [{}, wrong]) {
          await assert.rejects(open('acme/private', access).resolve('v1'), (error) => {
            assert.ok(isOutboardError(error, 'unauthorized'));
            const words =
              access === wrong
                ? 'refused the credentials of user "gordon" for repository "acme/private"; '
                : 'was asked for repository "acme/private" without credentials; ';
            assert.equal(
              error.message,
              `unexpected status from GET request to http://${registry.host}/v2/acme/private/manifests/v1: ` +
                `401 Unauthorized: UNAUTHORIZED: authentication required; registry "${registry.host}" ` +
                `${words}to log in, type: outboard login ${registry.host} (or docker login ${registry.host})`,
            );
            return true;
          });
        }
      });
    }
  });
}

function* halves(bytes: Buffer): Generator<Buffer> {
  yield bytes.subarray(0, bytes.length / 2);
  yield bytes.subarray(bytes.length / 2);
}

it('copyArtifact() copies an artifact with its attestation between real registries', async (context) => {
  const registries = [await startRegistry(), await startRegistry()] as const;
  await using client = createRegistryClient();
  context.after(() => Promise.all(registries.map((registry) => registry.stop())));
  const [from, to] = registries.map(({ host }) =>
    client.repository(parseReference(`${host}/acme/chart`), 'pull,push,delete'),
  );
  assert.ok(from && to);
  const [config, chart] = [Buffer.from('{"name":"demo"}'), randomBytes(2 * 1024 * 1024)];
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const describe = (type: string, bytes: Buffer) => ({ ...describeBlob(bytes), mediaType: type });
  const helm = {
    config: describe('application/vnd.cncf.helm.config.v1+json', config),
    layers: [describe('application/vnd.cncf.helm.chart.content.v1.tar+gzip', chart)],
  };
  for (const bytes of [config, chart]) {
    await from.pushBlob(describeBlob(bytes), async () => Readable.from([bytes]));
  }
  const push = async (name: string | undefined, fields: object) => {
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...fields }));
    return {
      mediaType,
      digest: await from.pushManifest(name ?? digestOf(bytes), { mediaType, bytes }),
      size: bytes.length,
    };
  };
  const subject = await push('1.0', helm);
  const proof = await push(undefined, { ...helm, artifactType: 'application/vnd.in-toto+json', subject });

  const { manifests } = await copyArtifact(from, to, '1.0', { referrers: true });
  assert.deepEqual(manifests, [subject, proof]);
  assert.equal(await digestOfStream(await to.openBlob(describeBlob(chart))), digestOf(chart));
  const [found] = await to.referrers(subject.digest, { artifactType: 'application/vnd.in-toto+json' });
  assert.equal(found?.digest, proof.digest);

  await to.deleteManifest(subject.digest);
  await assert.rejects(to.resolve('1.0'), { kind: 'not-found' });
});
