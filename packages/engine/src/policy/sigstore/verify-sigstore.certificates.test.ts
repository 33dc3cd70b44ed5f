import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type MadeCertificate, makeCertificate, makeKeys } from '@outboard/oci/testing';
import {
  base64,
  byCertificate,
  foreignKeys,
  foreignLog,
  holder,
  identity,
  intermediate,
  keys,
  log,
  matchRepository,
  minutes,
  oidcIssuer,
  only,
  publish,
  root,
  trustedRoot,
} from '../../testing/signed-plugin.ts';
import { signByReferrer, signByTag } from '../../testing/sigstore-signer.ts';
import { makeTimeStamp } from '../../testing/time-stamps.ts';

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
