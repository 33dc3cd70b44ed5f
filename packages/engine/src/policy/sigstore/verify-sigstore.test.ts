import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, type TestContext, test } from 'node:test';
import {
  copyArtifact,
  createLayoutReader,
  type Descriptor,
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
import { createMemoryRegistryClient, MemoryRegistry } from '@outboard/oci/memory';
import {
  logIdOf,
  type MadeCertificate,
  makeCertificate,
  makeKeys,
  publicPem,
  spkiOf,
} from '@outboard/oci/testing';
import pino from 'pino';
import type { Verification } from '../../config/verification.ts';
import { publishPlugin } from '../../testing/published-plugin.ts';
import { type SignOptions, signByReferrer, signByTag } from '../../testing/sigstore-signer.ts';
import { makeTimeStamp } from '../../testing/time-stamps.ts';
import { openSignaturePolicy } from '../open-signature-policy.ts';

const remote = 'registry.test/acme/plugin:v1';
const identity = 'registry.test/acme/plugin';
const keys = makeKeys();
const foreignKeys = makeKeys();
const log = { ...makeKeys(), at: new Date('2026-06-01T12:00:00Z') };
const foreignLog = { ...makeKeys(), at: log.at };
const oidcIssuer = 'https://issuer.test';
const root = makeCertificate({ name: 'root', isAuthority: true });
const intermediate = makeCertificate({ name: 'intermediate', issuer: root, isAuthority: true });
const minutes = { notBefore: new Date('2026-06-01T11:55:00Z'), notAfter: new Date('2026-06-01T12:05:00Z') };
const holder = makeCertificate({
  name: 'leaf',
  issuer: root,
  email: 'dev@acme.test',
  oidcIssuer,
  ...minutes,
});
const matchRepository = { signedIdentity: { type: 'matchRepository' } };
const fulcio = { caData: base64(root.pem), oidcIssuer, subjectEmail: 'dev@acme.test' };

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function byKey(pem = publicPem(keys), more: object = matchRepository): object {
  return { type: 'sigstoreSigned', keyData: base64(pem), ...more };
}

function byCertificate(change: object = {}, more: object = {}): object {
  const rekorPublicKeyData = base64(publicPem(log));
  return {
    ...{ type: 'sigstoreSigned', fulcio: { ...fulcio, ...change }, rekorPublicKeyData },
    ...{ ...matchRepository, ...more },
  };
}

/** A plugin in a registry in memory, and a policy. */
async function publish(t: TestContext) {
  const registry = new MemoryRegistry();
  const repository = registry.repository('acme/plugin');
  const { manifestDigest: digest } = publishPlugin(repository, 'v1');
  const manifest: Descriptor = {
    mediaType: mediaTypes.dockerManifest,
    digest,
    size: repository.manifests.get(digest)?.bytes.length ?? 0,
  };
  const client = createMemoryRegistryClient(new Map([['registry.test', registry]]));
  const directory = await mkdtemp(join(tmpdir(), 'outboard-policy-'));
  t.after(() => rm(directory, { recursive: true }));
  return {
    registry,
    repository,
    manifest,
    digest,
    client,
    directory,
    /** Check against one requirement. */
    async check(
      requirement: object,
      index?: Descriptor,
      reference = remote,
      reader?: RepositoryReader,
    ): Promise<Verification | undefined> {
      const path = join(directory, 'policy.json');
      await writeFile(path, JSON.stringify({ default: [requirement] }));
      const policy = await openSignaturePolicy(
        { path },
        { logger: pino({ level: 'silent' }), files: client, scratchDirectory: directory },
      );
      const parsed = parseReference(reference);
      const from = reader ?? client.repository(parsed);
      return await policy.check({ reference: parsed, reader: from, manifest, index });
    },
  };
}

/** The one signature that was verified. */
function only(verification: Verification | undefined) {
  assert.equal(verification?.signatures.length, 1);
  const [signature] = verification.signatures;
  assert.ok(signature);
  return signature;
}

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

describe('a signature by certificate', () => {
  test('is accepted by tag and by referrer, with holder, issuer and time', async (t) => {
    const { repository, manifest, digest, check } = await publish(t);
    await signByTag(repository, { digest, keys: holder, certificate: holder, identity, log });
    const { kind, subject, issuer, signedAt } = only(await check(byCertificate()));
    assert.deepEqual([kind, subject, issuer, signedAt], ['certificate', 'dev@acme.test', oidcIssuer, log.at]);
    repository.tags.clear();
    await signByReferrer(repository, manifest, { keys: holder, certificate: holder, identity, log });
    assert.equal(only(await check(byCertificate())).storage, 'referrer');
  });

  test('is accepted below an intermediate authority that comes with it', async (t) => {
    const { repository, digest, check } = await publish(t);
    const leaf = makeCertificate({
      ...{ name: 'leaf', issuer: intermediate, uri: 'https://ci.test/workflow', oidcIssuer },
      ...minutes,
    });
    await signByTag(repository, {
      digest,
      keys: leaf,
      certificate: leaf,
      chain: [intermediate],
      identity,
      log,
    });
    const byUri = byCertificate({ subjectEmail: undefined, subjectURI: 'https://ci.test/workflow' });
    assert.equal(only(await check(byUri)).subject, 'https://ci.test/workflow');
    await signByTag(repository, { digest, keys: leaf, certificate: leaf, identity, log });
    await assert.rejects(check(byUri), { message: /no authority of the policy issued/ });
  });

  const foreignRoot = makeCertificate({ name: 'root', isAuthority: true });
  const leafOf = (change: object) =>
    makeCertificate({
      name: 'leaf',
      issuer: root,
      email: 'dev@acme.test',
      oidcIssuer,
      ...minutes,
      ...change,
    });
  for (const [title, certificate, requirement, message] of [
    [
      'of a foreign authority',
      leafOf({ issuer: foreignRoot }),
      byCertificate(),
      /no authority of the policy issued/,
    ],
    [
      'of a certificate that had expired',
      leafOf({ notBefore: new Date('2026-05-01'), notAfter: new Date('2026-05-02') }),
      byCertificate(),
      /valid from 2026-05-01T00:00:00.000Z to 2026-05-02T00:00:00.000Z, not at 2026-06-01T12:00:00.000Z/,
    ],
    [
      'of another holder',
      leafOf({ email: 'evil@acme.test' }),
      byCertificate(),
      /was made by "evil@acme.test", not by dev@acme.test/,
    ],
    [
      'of another issuer',
      leafOf({ oidcIssuer: 'https://evil.test' }),
      byCertificate(),
      /a certificate of "https:\/\/evil.test", not of https:\/\/issuer.test/,
    ],
    ['of a certificate for TLS', leafOf({ usage: 'server' }), byCertificate(), /not for the signing of code/],
    [
      'of a leaf as authority',
      leafOf({ issuer: leafOf({}) }),
      byCertificate(),
      /no authority of the policy issued/,
    ],
    [
      'for another workflow',
      leafOf({ email: undefined, uri: 'https://ci.test/a' }),
      byCertificate({ subjectEmail: undefined, subjectURI: 'https://ci.test/b' }),
      /was made by "https:\/\/ci.test\/a", not by https:\/\/ci.test\/b/,
    ],
  ] as const) {
    test(`${title} is refused`, async (t) => {
      const { repository, digest, check } = await publish(t);
      await signByTag(repository, { digest, keys: certificate, certificate, identity, log });
      await assert.rejects(check(requirement), { kind: 'forbidden', code: 'policy', message });
    });
  }

  test('is refused without a log entry, with one of a foreign log, and with the key of another', async (t) => {
    const { repository, digest, check } = await publish(t);
    const signature = { digest, keys: holder, certificate: holder, identity };
    await signByTag(repository, signature);
    await assert.rejects(check(byCertificate()), { message: /no entry of a transparency log/ });
    await signByTag(repository, { ...signature, log: foreignLog });
    await assert.rejects(check(byCertificate()), { message: /is not confirmed/ });
    await signByTag(repository, { ...signature, keys: foreignKeys, log });
    await assert.rejects(check(byCertificate()), { message: /signature verification failed/ });
    await signByTag(repository, { digest, keys, identity, log });
    await assert.rejects(check(byCertificate()), { message: /has no certificate/ });
  });

  test('must have been promised to the log of certificates that the trusted root names', async (t) => {
    const { repository, digest, check } = await publish(t);
    const certificateLog = makeKeys();
    const trusted = {
      trustedRootData: base64(JSON.stringify(trustedRoot(certificateLog))),
      caData: undefined,
    };
    const requirement = byCertificate(trusted, { rekorPublicKeyData: undefined });
    for (const [promised, message] of [
      [undefined, /expected 1 SCTs, got 0/],
      [makeKeys(), /SCT verification failed/],
    ] as const) {
      const leaf = leafOf({ certificateLog: promised });
      await signByTag(repository, { digest, keys: leaf, certificate: leaf, identity, log });
      await assert.rejects(check(requirement), { message });
    }
    const leaf = leafOf({ certificateLog });
    await signByTag(repository, { digest, keys: leaf, certificate: leaf, identity, log });
    only(await check(requirement));
    // A promise is not looked at where no key of such a log is given.
    only(await check(byCertificate()));
  });

  describe('of a log whose entries have no time', () => {
    const undated = { ...log, isDated: false };
    const stamping = makeCertificate({
      ...{ name: 'stamps', issuer: root, usage: 'time-stamps' },
      ...{ notBefore: new Date('2026-05-01'), notAfter: new Date('2026-07-01') },
    });
    const stampAt =
      (at: string, authority = stamping) =>
      (signature: Buffer) =>
        makeTimeStamp(signature, { authority, issuer: 'root', at: new Date(at) });
    const inTime = stampAt('2026-06-01T12:01:00Z');
    const made = { keys: holder, certificate: holder, identity, log: undated };
    const trusted = (authorities: readonly MadeCertificate[]) =>
      byCertificate(
        { trustedRootData: base64(JSON.stringify(trustedRoot(undefined, authorities))), caData: undefined },
        { rekorPublicKeyData: undefined },
      );

    test('is accepted at the time of an authority that the trusted root names', async (t) => {
      const { manifest, repository, check } = await publish(t);
      await signByReferrer(repository, manifest, { ...made, timestamp: inTime });
      const { signedAt, subject } = only(await check(trusted([stamping])));
      assert.deepEqual([subject, signedAt], ['dev@acme.test', new Date('2026-06-01T12:01:00Z')]);
    });

    const foreign = makeCertificate({ name: 'stamps', issuer: root, usage: 'time-stamps' });
    for (const [title, timestamp, message] of [
      [
        'without a time stamp',
        undefined,
        /has no time: its log entry confirms none, and it has no time stamp/,
      ],
      [
        'with a time stamp of a foreign authority',
        stampAt('2026-06-01T12:01:00Z', foreign),
        /no authority of the trusted root made for it/,
      ],
      [
        'with a time stamp of another signature',
        () => inTime(Buffer.from('other')),
        /no authority of the trusted root made for it/,
      ],
      [
        'with a time stamp after its certificate expired',
        stampAt('2026-06-01T12:06:00Z'),
        /not at 2026-06-01T12:06:00.000Z/,
      ],
      [
        'with a time stamp after the authority expired',
        stampAt('2026-08-01T00:00:00Z'),
        /no authority of the trusted root made for it/,
      ],
      ['with a malformed time stamp', () => Buffer.from('3003020101', 'hex'), /is not confirmed|made for it/],
    ] as const) {
      test(`${title} is refused`, async (t) => {
        const { manifest, repository, check } = await publish(t);
        await signByReferrer(repository, manifest, { ...made, timestamp });
        await assert.rejects(check(trusted([stamping])), { kind: 'forbidden', code: 'policy', message });
      });
    }

    test('is refused by a policy that names no authority of time stamps', async (t) => {
      const { manifest, repository, check } = await publish(t);
      await signByReferrer(repository, manifest, { ...made, timestamp: inTime });
      const message = /the policy names no authority for its time stamp: want one in "trustedRootPath"/;
      await assert.rejects(check(byCertificate()), { message });
      await assert.rejects(check(trusted([])), { message });
    });
  });

  test('is accepted at the time of its log where the policy names no authority for its time stamp', async (t) => {
    const { digest, repository, check } = await publish(t);
    const timestamp = () => Buffer.from('nothing');
    await signByTag(repository, { digest, keys: holder, certificate: holder, identity, log, timestamp });
    assert.deepEqual(only(await check(byCertificate())).signedAt, log.at);
  });

  test("of an authority of one's own must be valid now", async (t) => {
    const { repository, digest, check } = await publish(t);
    const pki = { caRootsData: base64(root.pem), subjectEmail: 'dev@acme.test' };
    const requirement = { type: 'sigstoreSigned', pki, ...matchRepository };
    const leaf = leafOf({ notBefore: undefined, notAfter: undefined, names: ['build.test'] });
    await signByTag(repository, { digest, keys: leaf, certificate: leaf, identity });
    only(await check(requirement));
    const byHost = { ...requirement, pki: { ...pki, subjectHostname: 'other.test' } };
    await assert.rejects(check(byHost), { message: /not by dev@acme.test and other.test/ });
    await signByTag(repository, { digest, keys: holder, certificate: holder, identity });
    await assert.rejects(check(requirement), { message: /is valid from .* to 2026-06-01T12:05:00.000Z/ });
  });
});

function trustedRoot(
  certificateLog: ReturnType<typeof makeKeys> | undefined,
  stampAuthorities: readonly MadeCertificate[] = [],
): object {
  const validFor = { start: '2026-01-01T00:00:00Z' };
  const keyOf = (pair: ReturnType<typeof makeKeys>) => ({
    hashAlgorithm: 'SHA2_256',
    baseUrl: 'https://log.test',
    logId: { keyId: logIdOf(pair).toString('base64') },
    publicKey: { rawBytes: spkiOf(pair).toString('base64'), keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor },
  });
  return {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [keyOf(log)],
    ctlogs: certificateLog === undefined ? [] : [keyOf(certificateLog)],
    certificateAuthorities: [
      {
        uri: '',
        subject: {},
        certChain: { certificates: [{ rawBytes: root.der.toString('base64') }] },
        validFor,
      },
    ],
    timestampAuthorities: stampAuthorities.map(({ der }) => ({
      uri: '',
      subject: {},
      certChain: {
        certificates: [der, root.der].map((each) => ({ rawBytes: each.toString('base64') })),
      },
      validFor,
    })),
  };
}
