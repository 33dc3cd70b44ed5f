/**
 * A plugin in a registry in memory, the keys and authorities that sign it, and requirements of a signature policy.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Descriptor, mediaTypes, parseReference, type RepositoryReader } from '@outboard/oci';
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
import type { Verification } from '../config/verification.ts';
import { openSignaturePolicy } from '../policy/open-signature-policy.ts';
import { publishPlugin } from './published-plugin.ts';

/** Reference of the plugin that is signed. */
export const remote = 'registry.test/acme/plugin:v1';
/** Repository that its signatures name. */
export const identity = 'registry.test/acme/plugin';
/** Keys that a policy trusts. */
export const keys = makeKeys();
/** Keys that none does. */
export const foreignKeys = makeKeys();
/** Transparency log that a policy trusts, and the time of its entries. */
export const log = { ...makeKeys(), at: new Date('2026-06-01T12:00:00Z') };
/** Transparency log that none does. */
export const foreignLog = { ...makeKeys(), at: log.at };
/** Issuer of the identity in certificates. */
export const oidcIssuer = 'https://issuer.test';
/** Authority of certificates that a policy trusts. */
export const root = makeCertificate({ name: 'root', isAuthority: true });
/** Authority below `root`. */
export const intermediate = makeCertificate({ name: 'intermediate', issuer: root, isAuthority: true });
/** Validity of a certificate of Fulcio. */
export const minutes = {
  notBefore: new Date('2026-06-01T11:55:00Z'),
  notAfter: new Date('2026-06-01T12:05:00Z'),
};
/** Certificate of the signer. */
export const holder = makeCertificate({
  name: 'leaf',
  issuer: root,
  email: 'dev@acme.test',
  oidcIssuer,
  ...minutes,
});
/** Part of a requirement: the signature names the repository. */
export const matchRepository = { signedIdentity: { type: 'matchRepository' } };
/** Part of a requirement: authority and holder of the certificate. */
const fulcio = { caData: base64(root.pem), oidcIssuer, subjectEmail: 'dev@acme.test' };

/** Encode a text. */
export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** Requirement of a signature by key. @param more other fields of it */
export function byKey(pem = publicPem(keys), more: object = matchRepository): object {
  return { type: 'sigstoreSigned', keyData: base64(pem), ...more };
}

/** Requirement of a signature by certificate. @param change fields of `fulcio` @param more other fields */
export function byCertificate(change: object = {}, more: object = {}): object {
  const rekorPublicKeyData = base64(publicPem(log));
  return {
    ...{ type: 'sigstoreSigned', fulcio: { ...fulcio, ...change }, rekorPublicKeyData },
    ...{ ...matchRepository, ...more },
  };
}

/** A plugin in a registry in memory, and a policy. */
export async function publish(t: TestContext) {
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
export function only(verification: Verification | undefined) {
  assert.equal(verification?.signatures.length, 1);
  const [signature] = verification.signatures;
  assert.ok(signature);
  return signature;
}

/** Trusted root with `root` and `log`, in the JSON form of sigstore. */
export function trustedRoot(
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
