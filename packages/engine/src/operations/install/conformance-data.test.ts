/**
 * The documents of the OCI conformance data set as inputs of a pull: each is installed, or refused in words before a layer
 * is fetched.
 * @see OCI distribution-spec v1.1.1, conformance tests: empty blob, no layers, nested index, sha512, nondistributable layers,
 *   extra fields, artifacts
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, isOutboardError, mediaTypes } from '@outboard/oci';
import type { MemoryRepository } from '@outboard/oci/memory';
import { type OperationFixture, openOperationFixture } from '../../testing/operation-fixture.ts';
import { type PublishedPlugin, publishPlugin } from '../../testing/published-plugin.ts';
import { pullPlugin } from './pull.ts';

const remote = 'registry.test/acme/plugin:v1';
const empty = Buffer.from('{}');
const emptyType = 'application/vnd.oci.empty.v1+json';
const host = { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch };

/** The parts of the published plugin to build another document of. */
interface Parts {
  readonly published: PublishedPlugin;
  readonly repository: MemoryRepository;
  readonly config: object;
  readonly layers: readonly object[];
}

/** Store a document; its blobs need not exist. */
function put(repository: MemoryRepository, mediaType: string, document: object, algorithm?: 'sha512') {
  const bytes = Buffer.from(JSON.stringify(document));
  const digest = digestOf(bytes, algorithm);
  repository.manifests.set(digest, { mediaType, bytes });
  repository.tags.set('v1', digest);
  return { mediaType, digest, size: bytes.length };
}

function putBlob(repository: MemoryRepository, bytes: Buffer, mediaType: string, algorithm?: 'sha512') {
  const digest = digestOf(bytes, algorithm);
  repository.blobs.set(digest, bytes);
  return { mediaType, digest, size: bytes.length };
}

const manifest = (fields: object) => ({ schemaVersion: 2, mediaType: mediaTypes.ociManifest, ...fields });
const index = (manifests: readonly object[], fields = {}) => ({
  schemaVersion: 2,
  mediaType: mediaTypes.ociIndex,
  manifests,
  ...fields,
});

/** The words of the refusal; undefined when the plugin is installed. */
type Case = readonly [string, RegExp | undefined, (parts: Parts) => unknown];

const cases: readonly Case[] = [
  [
    'R07 no layers',
    /want at least one layer/,
    ({ repository, config }) => put(repository, mediaTypes.ociManifest, manifest({ config, layers: [] })),
  ],
  [
    'R07 layers that are null',
    /invalid manifest at "layers"/,
    ({ repository, config }) => put(repository, mediaTypes.ociManifest, manifest({ config, layers: null })),
  ],
  [
    'R06 an artifact with the empty config',
    /did not find plugin config/,
    ({ repository, layers }) => {
      const config = putBlob(repository, empty, emptyType);
      put(repository, mediaTypes.ociManifest, manifest({ config, layers, artifactType: 'application/x' }));
    },
  ],
  [
    'R32 a layer of the empty type',
    /of unknown type "application\/vnd\.oci\.empty\.v1\+json"/,
    ({ repository, config }) => {
      const layer = putBlob(repository, empty, emptyType);
      put(repository, mediaTypes.ociManifest, manifest({ config, layers: [layer] }));
    },
  ],
  [
    'R07 a layer of no bytes',
    undefined,
    ({ repository, config, layers }) => {
      const layer = putBlob(repository, Buffer.alloc(0), mediaTypes.ociLayerGzip);
      put(repository, mediaTypes.ociManifest, manifest({ config, layers: [layer, ...layers] }));
    },
  ],
  ...[mediaTypes.ociForeignLayer, mediaTypes.ociForeignLayerGzip, mediaTypes.dockerForeignLayerGzip].map(
    (mediaType): Case => [
      `R08 a layer of type ${mediaType}`,
      /is of foreign type/,
      ({ repository, config, layers: [layer] }) => {
        const foreign = { ...layer, mediaType, urls: ['http://10.0.0.1/layer'] };
        put(repository, mediaTypes.ociManifest, manifest({ config, layers: [foreign] }));
      },
    ],
  ),
  [
    'R06 an index in an index',
    /linux/,
    ({ repository, config, layers }) => {
      const inner = put(repository, mediaTypes.ociManifest, manifest({ config, layers }));
      const nested = put(repository, mediaTypes.ociIndex, index([{ ...inner, platform: host }]));
      put(repository, mediaTypes.ociIndex, index([{ ...nested, platform: host }]));
    },
  ],
  ['R06 an empty index', /./, ({ repository }) => put(repository, mediaTypes.ociIndex, index([]))],
  [
    'R32 an index with a subject, an artifact type and attestations',
    undefined,
    ({ repository, config, layers }) => {
      const inner = put(repository, mediaTypes.ociManifest, manifest({ config, layers }));
      const attestation = { ...inner, platform: { os: 'unknown', architecture: 'unknown' } };
      const fields = { subject: inner, artifactType: 'application/x', annotations: { a: 'b' }, extra: [1] };
      put(repository, mediaTypes.ociIndex, index([attestation, { ...inner, platform: host }], fields));
    },
  ],
  [
    'R32 a manifest with a subject and fields of a later version',
    undefined,
    ({ repository, config, layers }) => {
      const subject = { mediaType: mediaTypes.ociManifest, digest: digestOf(empty), size: 2 };
      const fields = {
        subject,
        artifactType: 'application/x',
        annotations: { a: 'b' },
        newField: { deep: [null] },
      };
      put(repository, mediaTypes.ociManifest, manifest({ config, layers, ...fields }));
    },
  ],
  [
    'R02 a manifest whose layer and config have sha512 digests',
    undefined,
    ({ repository, published, layers }) => {
      const bytes = repository.blobs.get(published.configDigest) ?? assert.fail();
      const layer = repository.blobs.get(published.layers[0]?.digest ?? assert.fail()) ?? assert.fail();
      const config = putBlob(repository, bytes, mediaTypes.dockerPluginConfig, 'sha512');
      const first = putBlob(repository, layer, mediaTypes.ociLayerGzip, 'sha512');
      put(repository, mediaTypes.ociManifest, manifest({ config, layers: [first, ...layers.slice(1)] }));
    },
  ],
  [
    'R07 one layer twice',
    undefined,
    ({ repository, config, layers }) =>
      put(repository, mediaTypes.ociManifest, manifest({ config, layers: [...layers, ...layers] })),
  ],
  [
    'R07 one layer twice, with two sizes',
    /listed with two sizes/,
    ({ repository, config, layers: [layer] }) =>
      put(repository, mediaTypes.ociManifest, manifest({ config, layers: [layer, { ...layer, size: 7 }] })),
  ],
  [
    'R03 a manifest that is an index too',
    /ambiguous/,
    ({ repository, config, layers }) =>
      put(repository, mediaTypes.ociManifest, manifest({ config, layers, manifests: [] })),
  ],
  [
    'R06 an image',
    /did not find plugin config|label/,
    ({ repository, layers }) => {
      const config = putBlob(
        repository,
        Buffer.from('{"rootfs":{"type":"layers","diff_ids":[]}}'),
        mediaTypes.ociImageConfig,
      );
      put(repository, mediaTypes.ociManifest, manifest({ config, layers }));
    },
  ],
];

async function pull(fixture: OperationFixture, published: PublishedPlugin): Promise<unknown> {
  return await pullPlugin(fixture.parts, { remote, privileges: published.privileges }).catch(
    (error: unknown) => error,
  );
}

for (const [name, words, build] of cases) {
  test(`${name} ${words === undefined ? 'is installed' : 'is refused, and nothing is installed'}`, async () => {
    await using fixture = await openOperationFixture();
    const repository = fixture.remote.repository('acme/plugin');
    const published = publishPlugin(repository, 'v1', { layers: [{ first: 'one' }] });
    const honest = JSON.parse((repository.findManifest('v1') ?? assert.fail()).bytes.toString());
    build({ published, repository, config: honest.config, layers: honest.layers });
    const result = await pull(fixture, published);
    const records = fixture.parts.store.all();
    if (words === undefined) {
      assert.ok(!(result instanceof Error), String(result));
      assert.equal(records.length, 1);
      assert.equal(records[0] && fixture.rootfsFile(records[0], 'first'), 'one');
      return;
    }
    assert.ok(isOutboardError(result), `${result}`);
    assert.match(result.message, words);
    await fixture.assertOnly([], []);
    const fetched = fixture.remote.requests.filter(({ operation }) => operation === 'openBlob');
    assert.ok(fetched.length <= 1, 'no more than the config');
  });
}
