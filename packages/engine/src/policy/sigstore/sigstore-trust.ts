/**
 * Loads the keys and certificates of a requirement, when its policy is put in force.
 */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { isOutboardError, parseStrictJson } from '@outboard/oci';
import type { TrustMaterial } from '@sigstore/verify';
import type {
  CertificateSubject,
  IdentityRule,
  KeySource,
  SigstoreRequirement,
} from '../document/policy-document.ts';
import { policyError } from '../document/policy-fields.ts';
import { nameOfKey, readKey } from '../document/read-key.ts';

/** A public key. */
export interface TrustedKey {
  readonly key: KeyObject;
  /** `sha256:` and the digest of its SubjectPublicKeyInfo in DER. */
  readonly fingerprint: string;
  /** Its file, or a text that stands for a key in the policy itself. */
  readonly name: string;
}

/** Certificates of authorities in DER. */
export interface TrustedAuthorities {
  readonly roots: readonly Buffer[];
  readonly intermediates: readonly Buffer[];
}

/** Authorities and logs of a trusted root. */
export type TrustedParties = Pick<
  TrustMaterial,
  'certificateAuthorities' | 'timestampAuthorities' | 'tlogs' | 'ctlogs'
>;

/** Loaded requirement. */
export interface SigstoreTrust {
  readonly identity: IdentityRule;
  /** Keys of transparency logs; empty: entries of logs are not asked for. */
  readonly logs: TrustMaterial['tlogs'];
  readonly signer:
    | { readonly kind: 'keys'; readonly keys: readonly TrustedKey[] }
    | {
        readonly kind: 'fulcio';
        readonly material: TrustedParties;
        readonly oidcIssuer: string;
        readonly subject: CertificateSubject;
      }
    | {
        readonly kind: 'pki';
        readonly authorities: TrustedAuthorities;
        readonly subject: CertificateSubject;
      };
}

const beginningOfTime = new Date(0);
const endOfTime = new Date(8_640_000_000_000_000);

/** Load. @throws {OutboardError} invalid, code `policy-file`; system when a file cannot be read */
export async function loadSigstoreTrust(requirement: SigstoreRequirement): Promise<SigstoreTrust> {
  const { identity, trust, rekorKeys } = requirement;
  const logs = (await Promise.all(rekorKeys.map(loadPublicKey))).map(toLog);
  switch (trust.kind) {
    case 'keys':
      return {
        identity,
        logs,
        signer: { kind: 'keys', keys: await Promise.all(trust.keys.map(loadPublicKey)) },
      };
    case 'pki':
      return {
        identity,
        logs,
        signer: {
          kind: 'pki',
          subject: trust.subject,
          authorities: {
            roots: await loadCertificates(trust.roots),
            intermediates: trust.intermediates ? await loadCertificates(trust.intermediates) : [],
          },
        },
      };
    case 'fulcio': {
      const material = trust.isTrustedRoot
        ? await loadTrustedRoot(trust.root)
        : await authoritiesOf(trust.root, logs);
      const { oidcIssuer, subject } = trust;
      return { identity, logs: material.tlogs, signer: { kind: 'fulcio', material, oidcIssuer, subject } };
    }
  }
}

/** Read one public key in PEM. @throws {OutboardError} invalid */
async function loadPublicKey(source: KeySource): Promise<TrustedKey> {
  const name = nameOfKey(source);
  const pem = (await readKey(source)).toString('latin1');
  if (!pem.includes('-----BEGIN PUBLIC KEY-----') && !pem.includes('-----BEGIN RSA PUBLIC KEY-----')) {
    throw policyError('', `${name} is no public key in PEM, as "cosign public-key" writes it`);
  }
  try {
    const key = createPublicKey(pem);
    return { key, name, fingerprint: fingerprintOf(key) };
  } catch (cause) {
    throw policyError(
      '',
      `${name} is a malformed public key: ${cause instanceof Error ? cause.message : ''}`,
    );
  }
}

/** `sha256:` and the digest of the SubjectPublicKeyInfo in DER: `openssl pkey -pubin -outform der | sha256sum`. */
export function fingerprintOf(key: KeyObject): string {
  return `sha256:${spkiDigest(key).toString('hex')}`;
}

function spkiDigest(key: KeyObject): Buffer {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
}

/** A log by its key alone. Its name is filled in where an entry is verified. */
function toLog({ key }: TrustedKey): TrustMaterial['tlogs'][number] {
  return {
    logID: spkiDigest(key),
    baseURL: '',
    publicKey: key,
    validFor: { start: beginningOfTime, end: endOfTime },
  };
}

async function loadCertificates(source: KeySource): Promise<readonly Buffer[]> {
  const { X509Certificate } = await import('node:crypto');
  const text = (await readKey(source)).toString('latin1');
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw policyError('', `${nameOfKey(source)} holds no certificate in PEM`);
  try {
    return blocks.map((block) => new X509Certificate(block).raw);
  } catch {
    throw policyError('', `${nameOfKey(source)} holds a malformed certificate`);
  }
}

async function authoritiesOf(source: KeySource, tlogs: SigstoreTrust['logs']) {
  const certificates = await loadCertificates(source);
  const { X509Certificate } = await import('@sigstore/core');
  const certChain = certificates.map((der) => X509Certificate.parse(Buffer.from(der)));
  const validFor = { start: beginningOfTime, end: endOfTime };
  return { certificateAuthorities: [{ certChain, validFor }], timestampAuthorities: [], tlogs, ctlogs: [] };
}

/** Read a `trusted_root.json`. It names authorities, logs of signatures and of certificates, and time stamp authorities. */
async function loadTrustedRoot(source: KeySource): Promise<TrustedParties> {
  const bytes = await readKey(source);
  const [{ TrustedRoot }, { toTrustMaterial }] = await Promise.all([
    import('@sigstore/protobuf-specs'),
    import('@sigstore/verify'),
  ]);
  try {
    const root = TrustedRoot.fromJSON(
      parseStrictJson(bytes, { maxBytes: bytes.length, subject: 'trusted root' }),
    );
    const material = toTrustMaterial(root);
    if (material.certificateAuthorities.length === 0) throw new Error('it names no certificate authority');
    if (material.tlogs.length === 0) throw new Error('it names no transparency log');
    return material;
  } catch (cause) {
    const reason = isOutboardError(cause) || cause instanceof Error ? cause.message : '';
    throw policyError('', `${nameOfKey(source)} is no trusted root of sigstore: ${reason}`);
  }
}
