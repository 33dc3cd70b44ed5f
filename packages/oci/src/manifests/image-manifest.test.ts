import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { digestOf } from '../digests/digest.ts';
import { isOutboardError } from '../errors/outboard-error.ts';
import { parseIndex } from './image-index.ts';
import { encodeManifest, parseManifest } from './image-manifest.ts';
import { mediaTypes } from './media-types.ts';

const { dockerManifest, ociManifest, dockerManifestList, ociIndex } = mediaTypes;
const config = { mediaType: mediaTypes.dockerPluginConfig, digest: digestOf(Buffer.from('c')), size: 2 };

function layer(content: string, change: object = {}) {
  return {
    mediaType: mediaTypes.dockerLayerGzip,
    digest: digestOf(Buffer.from(content)),
    size: 7,
    ...change,
  };
}

const good = { schemaVersion: 2, mediaType: dockerManifest, config, layers: [layer('a'), layer('b')] };

function bytesOf(document: unknown): Buffer {
  return Buffer.from(typeof document === 'string' ? document : JSON.stringify(document));
}

function refuses(document: unknown, message: RegExp, mediaType: string = dockerManifest): void {
  assert.throws(
    () => parseManifest(bytesOf(document), mediaType),
    (error) =>
      isOutboardError(error, 'invalid') && message.test(error.message) && !error.message.includes('\n'),
  );
}

describe('parseManifest()', () => {
  it('reads a Docker and an OCI manifest', () => {
    assert.deepEqual(parseManifest(bytesOf(good), dockerManifest), good);
    const { mediaType: _absent, ...oci } = {
      ...good,
      layers: [layer('a', { mediaType: mediaTypes.ociLayerZstd })],
    };
    const annotated = { ...oci, annotations: { 'org.opencontainers.image.title': 'x', K: '1', k: '2' } };
    assert.deepEqual(parseManifest(bytesOf(annotated), ociManifest), {
      ...annotated,
      mediaType: ociManifest,
    });
  });

  it('R02 refuses malformed digests', () => {
    const hex = 'a'.repeat(64);
    for (const digest of [
      'sha256:../../x',
      `sha256:${'A'.repeat(64)}`,
      'sha256:abcd',
      `md5:${'a'.repeat(32)}`,
      `sha512:${hex}`,
      `${config.digest}/`,
      12,
      null,
    ]) {
      refuses({ ...good, layers: [layer('a', { digest })] }, /at "layers\.0\.digest"/);
    }
    refuses({ ...good, config: { ...config, digest: 'sha256:..' } }, /at "config\.digest": invalid digest/);
  });

  it('R02 accepts sha512', () => {
    const digest = digestOf(Buffer.from('x'), 'sha512');
    assert.equal(
      parseManifest(bytesOf({ ...good, layers: [layer('', { digest })] }), dockerManifest).layers[0]?.digest,
      digest,
    );
  });

  for (const [name, change] of [
    ['manifests beside layers', { manifests: [] }],
    ['manifests beside layers, in other case', { Manifests: [config] }],
  ] as const) {
    it(`R03 refuses ${name}`, () => {
      refuses({ ...good, ...change }, /ambiguous/);
    });
  }

  it('R03 R04 refuses a body whose media type differs from its Content-Type', () => {
    refuses(good, /served as .*manifest\.v1\+json" and says it is ".*distribution/, ociManifest);
    refuses({ ...good, mediaType: dockerManifestList }, /says it is/);
    refuses({ ...good, mediaType: 7 }, /says it is 7/);
    refuses({ ...good, mediaType: [dockerManifest] }, /says it is/);
  });

  it('R03 refuses a media type of anything but a manifest', () => {
    refuses(good, /is not the media type of a manifest/, dockerManifestList);
    refuses(good, /is not the media type of a manifest/, 'application/json');
    refuses(good, /is not the media type of a manifest/, `${dockerManifest}; charset=utf-8`);
  });

  for (const [name, change, message] of [
    ['no config', { config: undefined }, /at "config"/],
    ['a null config', { config: null }, /at "config"/],
    ['an array as config', { config: [config] }, /at "config/],
    ['no layers', { layers: undefined }, /at "layers"/],
    ['null layers, as a failed Docker push leaves', { layers: null }, /at "layers"/],
    ['empty layers', { layers: [] }, /at least one layer/],
    ['layers that are an object', { layers: { 0: layer('a') } }, /at "layers"/],
    ['a layer that is null', { layers: [null] }, /at "layers\.0"/],
    ['a layer that is a number', { layers: [1] }, /at "layers\.0"/],
    [
      'a layer listed with two sizes',
      { layers: [layer('a'), layer('b'), layer('a', { size: 8 })] },
      /is listed with two sizes, 7 and 8/,
    ],
    ['129 layers', { layers: Array.from({ length: 129 }, (_, index) => layer(`${index}`)) }, /at most 128/],
    [
      'schema version 1',
      { schemaVersion: 1, fsLayers: [], history: [] },
      /schema version 1 is not supported/,
    ],
    ['schema 1 fields', { fsLayers: [{ blobSum: config.digest }] }, /schema version 1 is not supported/],
    ['schema version 3', { schemaVersion: 3 }, /at "schemaVersion": want 2/],
    ['no schema version', { schemaVersion: undefined }, /at "schemaVersion": want 2/],
    ['a schema version in quotes', { schemaVersion: '2' }, /at "schemaVersion": want 2/],
    ['annotations that are not strings', { annotations: { a: 1 } }, /at "annotations\.a"/],
  ] as const) {
    it(`R07 refuses ${name}`, () => {
      refuses({ ...good, ...change }, message);
    });
  }

  it('R07 refuses documents that are not objects', () => {
    for (const document of ['null', '[]', '1', '"x"', '', '{']) refuses(document, /invalid manifest/);
  });

  it('reads a layer that is listed twice', () => {
    const layers = [layer('a'), layer('b'), layer('a')];
    assert.deepEqual(parseManifest(bytesOf({ ...good, layers }), dockerManifest).layers, layers);
  });

  it('R07 reads 128 layers', () => {
    const layers = Array.from({ length: 128 }, (_, index) => layer(`${index}`));
    assert.equal(parseManifest(bytesOf({ ...good, layers }), dockerManifest).layers.length, 128);
  });

  it('R08 ignores the urls and the data of a descriptor', () => {
    const layers = [layer('a', { urls: ['http://169.254.169.254/'], data: 'AAAA' })];
    assert.deepEqual(parseManifest(bytesOf({ ...good, layers }), dockerManifest).layers, [layer('a')]);
  });

  for (const mediaType of [
    mediaTypes.dockerForeignLayerGzip,
    mediaTypes.dockerForeignLayer,
    mediaTypes.ociForeignLayer,
    mediaTypes.ociForeignLayerGzip,
    mediaTypes.ociForeignLayerZstd,
  ]) {
    it(`R08 refuses a layer of type ${mediaType}`, () => {
      refuses({ ...good, layers: [layer('a'), layer('b', { mediaType })] }, /is of foreign type/);
    });
  }

  for (const size of ['-1', '1e18', '9007199254740993', '"12"', '1.5', 'null', '1e400']) {
    it(`R18 refuses the size ${size}`, () => {
      refuses(
        JSON.stringify({ ...good, layers: [layer('a')] }).replace('"size":7', `"size":${size}`),
        /layers.*size/,
      );
    });
  }

  it('R18 accepts the size 0', () => {
    assert.equal(
      parseManifest(bytesOf({ ...good, layers: [layer('', { size: 0 })] }), dockerManifest).layers[0]?.size,
      0,
    );
  });

  for (const mediaType of [
    'application/octet-stream',
    'application/vnd.oci.image.layer.v1.tar+xz',
    mediaTypes.dockerPluginConfig,
  ]) {
    it(`R32 refuses a layer of type ${mediaType}`, () => {
      refuses({ ...good, layers: [layer('a', { mediaType })] }, /is of unknown type/);
    });
  }

  it('R32 refuses a descriptor without a media type, or with a malformed one', () => {
    for (const mediaType of [undefined, null, '', 'gzip', 'a/b\n', 7]) {
      refuses({ ...good, layers: [layer('a', { mediaType })] }, /at "layers\.0\.mediaType"/);
    }
  });

  it('R32 ignores subject, artifact type and unknown fields', () => {
    const document = { ...good, subject: config, artifactType: 'a/b', toString: 1, extra: {} };
    assert.deepEqual(parseManifest(bytesOf(document), dockerManifest), good);
  });

  it('R28 reads fields in any case, and refuses two spellings of one', () => {
    const text = JSON.stringify(good);
    assert.deepEqual(
      parseManifest(
        bytesOf(text.replace('"layers"', '"Layers"').replaceAll('"digest"', '"DIGEST"')),
        dockerManifest,
      ),
      good,
    );
    refuses(text.replace('"layers"', '"Layers":[],"layers"'), /ambiguous/);
  });

  it('R19 refuses more than 4 MiB', () => {
    refuses(Buffer.concat([bytesOf(good), Buffer.alloc(4 * 1024 * 1024, ' ')]).toString(), /at most 4194304/);
  });

  it('fails only with typed errors on any document', () => {
    const names = fc.constantFrom(
      'schemaVersion',
      'mediaType',
      'config',
      'layers',
      'manifests',
      'digest',
      'size',
      'platform',
      'annotations',
      '__proto__',
    );
    const leaves = fc.oneof(
      fc.constantFrom(2, 0, null, true, '', dockerManifest, config.digest),
      fc.double(),
    );
    const { document } = fc.letrec((tie) => ({
      document: fc.oneof(
        { maxDepth: 4 },
        leaves,
        fc.array(tie('document'), { maxLength: 3 }),
        fc.dictionary(names, tie('document')),
      ),
    }));
    fc.assert(
      fc.property(
        document,
        fc.constantFrom(dockerManifest, ociManifest, dockerManifestList, ociIndex),
        (value, mediaType) => {
          const parse =
            mediaType === dockerManifestList || mediaType === ociIndex ? parseIndex : parseManifest;
          try {
            parse(
              bytesOf(JSON.stringify({ ...good, mediaType, ...(typeof value === 'object' ? value : {}) })),
              mediaType,
            );
          } catch (error) {
            assert.ok(isOutboardError(error, 'invalid'), String(error));
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('encodeManifest()', () => {
  it('writes compact JSON that reads back, with bare descriptors', () => {
    const bytes = encodeManifest({ config, layers: [{ ...layer('a'), annotations: { a: 'b' } }] });
    const one = layer('a');
    assert.equal(
      bytes.toString(),
      `{"schemaVersion":2,"mediaType":"${dockerManifest}",` +
        `"config":{"mediaType":"${config.mediaType}","digest":"${config.digest}","size":2},` +
        `"layers":[{"mediaType":"${one.mediaType}","digest":"${one.digest}","size":7}]}`,
    );
    assert.deepEqual(parseManifest(bytes, dockerManifest).layers, [one]);
  });
});
