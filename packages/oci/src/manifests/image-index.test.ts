import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '../digests/digest.ts';
import { parseIndex } from './image-index.ts';
import { mediaTypes } from './media-types.ts';

const { dockerManifestList, ociIndex, ociManifest } = mediaTypes;
const platform = { os: 'linux', architecture: 'arm', variant: 'v7' };
const entry = { mediaType: ociManifest, digest: digestOf(Buffer.from('m')), size: 3, platform };
const good = { schemaVersion: 2, mediaType: ociIndex, manifests: [entry] };

function parse(change: object, mediaType: string = ociIndex) {
  return parseIndex(Buffer.from(JSON.stringify({ ...good, ...change })), mediaType);
}

describe('parseIndex()', () => {
  it('reads an OCI index and a Docker manifest list', () => {
    assert.deepEqual(parse({}), { manifests: [entry] });
    assert.deepEqual(parse({ mediaType: dockerManifestList }, dockerManifestList), { manifests: [entry] });
  });

  it('R32 keeps entries of unknown type and without platform, and ignores unknown fields', () => {
    const other = { mediaType: 'application/vnd.example+json', digest: entry.digest, size: 0 };
    assert.deepEqual(parse({ manifests: [{ ...other, platform: null, 'x-y': 1 }], subject: entry }), {
      manifests: [other],
    });
  });

  it('R03 refuses an index that is a manifest too', () => {
    assert.throws(() => parse({ layers: [entry] }), { kind: 'invalid', message: /ambiguous/ });
    assert.throws(() => parse({ config: entry }), { kind: 'invalid', message: /ambiguous/ });
    assert.throws(() => parse({ mediaType: ociManifest }), { kind: 'invalid', message: /says it is/ });
    assert.throws(() => parse({ mediaType: undefined }, ociManifest), {
      kind: 'invalid',
      message: /not the media type of an index/,
    });
  });

  it('reads 1024 manifests, and refuses more without parsing them', () => {
    assert.equal(parse({ manifests: Array(1024).fill(entry) }).manifests.length, 1024);
    assert.throws(() => parse({ manifests: Array(1025).fill(entry) }), {
      kind: 'invalid',
      message: 'invalid index at "manifests": want at most 1024 manifests',
    });
  });

  it('R07 refuses malformed entries', () => {
    for (const manifests of [
      undefined,
      null,
      {},
      [null],
      [{ ...entry, platform: 'linux/amd64' }],
      [{ ...entry, platform: {} }],
    ]) {
      assert.throws(() => parse({ manifests }), { kind: 'invalid', message: /^invalid index at "manifests/ });
    }
  });
});
