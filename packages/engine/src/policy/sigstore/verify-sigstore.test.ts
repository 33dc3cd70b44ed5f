import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import {
  copyArtifact,
  createLayoutReader,
  encodeIndex,
  mediaTypes,
  openFileContentStore,
  openLayout,
  parseReference,
  type RepositoryReader,
  readArtifactTree,
  readLayoutArchive,
  writeLayoutArchive,
} from '@outboard/oci';
import { makeKeys, publicPem } from '@outboard/oci/testing';
import {
  base64,
  byKey,
  foreignKeys,
  foreignLog,
  identity,
  keys,
  log,
  matchRepository,
  only,
  publish,
  remote,
} from '../../testing/signed-plugin.ts';
import { type SignOptions, signByReferrer, signByTag } from '../../testing/sigstore-signer.ts';

describe('a signature by key', () => {
  for (const storage of ['tag', 'referrer'] as const) {
    test(`by ${storage} is there after a copy to a registry, a layout directory and an archive`, async (t) => {
      const { repository, manifest, digest, client, check, directory } = await publish(t);
      if (storage === 'tag') await signByTag(repository, { digest, keys, identity });
      else await signByReferrer(repository, manifest, { keys });
      const anyName = byKey(publicPem(keys), { signedIdentity: { type: 'matchDigest' } });
      const requireSigned = async (reader: RepositoryReader) => {
        assert.equal(only(await check(anyName, undefined, remote, reader)).storage, storage);
      };
      const source = client.repository(parseReference(remote));

      const target = client.repository(parseReference('registry.test/mirror/plugin'), 'pull,push');
      await copyArtifact(source, target, 'v1', { referrers: true });
      await requireSigned(target);

      const layout = await openLayout(join(directory, 'layout'), { create: true });
      await copyArtifact(source, layout.writer(), 'v1', { referrers: true });
      const fromLayout = await layout.reader(parseReference(remote));
      await requireSigned(fromLayout);
      const back = client.repository(parseReference('registry.test/back/plugin'), 'pull,push');
      await copyArtifact(fromLayout, back, 'v1', { referrers: true });
      await requireSigned(back);

      const root = await source.resolve('v1');
      const tree = await readArtifactTree(source, root, { referrers: true });
      const artifact = { root, tree, names: [{}], openBlob: source.openBlob.bind(source) };
      const content = await openFileContentStore({ root: join(directory, 'content') });
      const archive = Readable.from(writeLayoutArchive([artifact]), { objectMode: false });
      const entries = await readLayoutArchive(archive, { content, lease: content.lease() });
      assert.deepEqual(
        entries.flatMap((entry) => (entry.isReferrer ? [] : [entry.descriptor.digest])),
        [digest],
      );
      await requireSigned(createLayoutReader({ entries, blobs: content }, parseReference(remote)));
    });
  }

  for (const [title, pair] of [
    ['ECDSA P-256', keys],
    ['ECDSA P-384', makeKeys('secp384r1')],
    ['ECDSA P-521', makeKeys('secp521r1')],
    ['Ed25519', makeKeys('ed25519')],
    ['RSA', makeKeys('rsa')],
  ] as const) {
    test(`of ${title} is accepted under a tag and among the referrers`, async (t) => {
      const { repository, manifest, digest, check } = await publish(t);
      await signByTag(repository, { digest, keys: pair, identity });
      const tagged = only(await check(byKey(publicPem(pair))));
      assert.deepEqual([tagged.kind, tagged.storage, tagged.identity], ['key', 'tag', identity]);
      assert.match(tagged.key, /^sha256:[0-9a-f]{64}$/);
      repository.tags.delete(`${digest.replace(':', '-')}.sig`);
      await signByReferrer(repository, manifest, { keys: pair });
      const anyName = { signedIdentity: { type: 'matchDigest' } };
      assert.equal(only(await check(byKey(publicPem(pair), anyName))).storage, 'referrer');
    });
  }

  for (const [title, options, message] of [
    ['of a foreign key', { keys: foreignKeys }, /was made by another key than a key in the policy \(sha256:/],
    [
      'whose payload was changed',
      { tamper: (bytes: Buffer) => Buffer.from(bytes.toString().replace('optional', 'optionaL')) },
      /or its content was changed/,
    ],
    [
      'that was moved from another repository',
      { identity: 'registry.test/evil/plugin' },
      /it is for "registry.test\/evil\/plugin", not registry.test\/acme\/plugin/,
    ],
    ['that names no repository', { identity: '' }, /it names no repository/],
    [
      'for another digest',
      { signedDigest: `sha256:${'0'.repeat(64)}` },
      /is for sha256:0000.*, not for sha256:/,
    ],
    ['with a malformed digest', { signedDigest: 'sha256:../../x' }, /malformed digest/],
  ] as const) {
    test(`${title} is refused`, async (t) => {
      const { repository, digest, check } = await publish(t);
      await signByTag(repository, { digest, keys, identity, ...options });
      await assert.rejects(check(byKey()), { kind: 'forbidden', code: 'policy', message });
    });
  }

  test('is missed', async (t) => {
    const { digest, check } = await publish(t);
    await assert.rejects(check(byKey()), {
      kind: 'forbidden',
      code: 'policy',
      message: `the signature policy refuses ${remote} (${digest}): scope "default": it is not signed: there is no tag ${digest.replace(':', '-')}.sig, and no signature among its referrers`,
    });
  });

  test('counts beside others that do not, and among 64 at most', async (t) => {
    const { repository, digest, check } = await publish(t);
    const foreign: SignOptions = { digest, keys: foreignKeys, identity };
    await signByTag(repository, foreign, { digest, keys, identity });
    only(await check(byKey()));
    await signByTag(repository, ...Array<SignOptions>(64).fill(foreign), { digest, keys, identity });
    await assert.rejects(check(byKey()), { message: /more than 64 signatures/ });
  });

  test('of the index counts for the manifests in it', async (t) => {
    const { repository, manifest, check } = await publish(t);
    const bytes = encodeIndex([manifest]);
    const digest = repository.putManifest('v1', { mediaType: mediaTypes.ociIndex, bytes });
    const index = { mediaType: mediaTypes.ociIndex, digest, size: bytes.length };
    await signByTag(repository, { digest, keys, identity });
    assert.equal(only(await check(byKey(), index)).digest, digest);
    await assert.rejects(check(byKey()), { code: 'policy' });
  });

  test('may be over the manifest itself', async (t) => {
    const { repository, manifest, digest, check } = await publish(t);
    const anyName = { signedIdentity: { type: 'matchDigest' } };
    await signByReferrer(repository, manifest, { keys, message: repository.manifests.get(digest)?.bytes });
    only(await check(byKey(publicPem(keys), anyName)));
    await signByReferrer(repository, manifest, { keys, message: Buffer.from('{}') });
  });

  test('is no attestation', async (t) => {
    const { repository, manifest, check } = await publish(t);
    await signByReferrer(repository, manifest, { keys, predicateType: 'https://slsa.dev/provenance/v1' });
    await assert.rejects(check(byKey()), {
      message: /is an attestation of type "https:\/\/slsa.dev\/provenance\/v1"/,
    });
  });

  test('must be in the transparency log where its key is given', async (t) => {
    const { repository, manifest, digest, check } = await publish(t);
    const rekor = { ...matchRepository, rekorPublicKeyData: base64(publicPem(log)) };
    await signByTag(repository, { digest, keys, identity });
    await assert.rejects(check(byKey(publicPem(keys), rekor)), { message: /no entry of a transparency log/ });
    await signByTag(repository, { digest, keys, identity, log: foreignLog });
    await assert.rejects(check(byKey(publicPem(keys), rekor)), {
      message: /is not confirmed: inclusion promise/,
    });
    await signByTag(repository, { digest, keys, identity, log });
    const signature = only(await check(byKey(publicPem(keys), rekor)));
    assert.deepEqual([signature.signedAt, signature.logIndex], [log.at, '7']);
    repository.tags.clear();
    await signByReferrer(repository, manifest, { keys, identity, log });
    assert.equal(only(await check(byKey(publicPem(keys), rekor))).storage, 'referrer');
  });

  test('is not missed for an error of the registry', async (t) => {
    const { registry, repository, digest, check } = await publish(t);
    registry.intercept = ({ operation }) => {
      if (operation === 'referrers') throw new Error('the registry is broken');
    };
    await assert.rejects(check(byKey()), { message: 'the registry is broken' });
    await signByTag(repository, { digest, keys, identity });
    only(await check(byKey()));
  });
});
