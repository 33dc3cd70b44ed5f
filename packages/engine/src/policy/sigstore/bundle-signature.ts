/**
 * Signatures in bundles of sigstore, which cosign writes since version 3: an in-toto statement about a digest in a DSSE envelope,
 * or a signature over the manifest itself.
 * @see sigstore protobuf-specs, sigstore_bundle.proto; cosign specs/BUNDLE_SPEC.md
 */
import { createHash } from 'node:crypto';
import { type Digest, isJsonObject, parseStrictJson, showValue } from '@outboard/oci';
import type { Bundle } from '@sigstore/bundle';
import { SignatureProblem } from '../document/signature-problem.ts';
import type { AttachedSignature } from './attached-signature.ts';
import { createSignedContent } from './signed-content.ts';

/** Media type and artifact type of bundles, of each version that this reads. */
export const bundleMediaType = /^application\/vnd\.dev\.sigstore\.bundle\.v0\.\d+\+json$/;

/** Upper bound of a bundle, in bytes. */
export const maxBundleBytes = 1024 * 1024;

const payloadType = 'application/vnd.in-toto+json';
const signPredicate = 'https://sigstore.dev/cosign/sign/v1';

/** Upper bound of certificates, of log entries, and of time stamps in a bundle. */
const maxProofs = 5;

/** The manifests that a signature may be for, by digest. */
export type SubjectBytes = (digest: Digest) => Promise<Buffer>;

/**
 * Read a bundle.
 * @param subject the manifest or index to which it is attached
 * @param bytesOf reads that manifest; called for signatures over the manifest itself
 * @throws {SignatureProblem} when it is malformed, or an attestation that is no signature
 */
export async function readBundle(
  bytes: Buffer,
  subject: Digest,
  bytesOf: SubjectBytes,
): Promise<AttachedSignature> {
  const bundle = await parseBundle(bytes);
  const { verificationMaterial: material } = bundle;
  const certificates = certificatesOf(material.content);
  const logEntries = material.tlogEntries;
  const timestamps = material.timestampVerificationData?.rfc3161Timestamps ?? [];
  if (Math.max(certificates.length, logEntries.length, timestamps.length) > maxProofs) {
    throw new SignatureProblem(`has more than ${maxProofs} certificates, log entries or time stamps`);
  }
  const [certificate, ...chain] = certificates;
  return {
    storage: 'referrer',
    ...(await readContent(bundle.content, subject, bytesOf)),
    certificate,
    chain,
    logEntries,
    timestamps: timestamps.map(({ signedTimestamp }) => signedTimestamp),
  };
}

/** Parsed as strict JSON first, so that two parsers cannot read two documents. */
async function parseBundle(bytes: Buffer): Promise<Bundle> {
  const { bundleFromJSON } = await import('@sigstore/bundle');
  try {
    const options = { maxBytes: maxBundleBytes, maxDepth: 32, subject: 'bundle' };
    return bundleFromJSON(parseStrictJson(bytes, options));
  } catch (cause) {
    throw new SignatureProblem(`is a malformed bundle: ${cause instanceof Error ? cause.message : ''}`, {
      cause,
    });
  }
}

function certificatesOf(content: Bundle['verificationMaterial']['content']): readonly Buffer[] {
  switch (content.$case) {
    case 'certificate':
      return [content.certificate.rawBytes];
    case 'x509CertificateChain':
      return content.x509CertificateChain.certificates.map(({ rawBytes }) => rawBytes);
    default:
      return [];
  }
}

async function readContent(
  content: Bundle['content'],
  subject: Digest,
  bytesOf: SubjectBytes,
): Promise<Pick<AttachedSignature, 'digest' | 'identity' | 'content'>> {
  if (content.$case === 'messageSignature') {
    const manifest = await bytesOf(subject);
    const { messageDigest, signature } = content.messageSignature;
    const digest = createHash('sha256').update(manifest).digest();
    if (!messageDigest.digest.equals(digest)) throw new SignatureProblem(`is not for ${subject}`);
    return { digest: subject, content: createSignedContent(manifest, signature) };
  }
  const { payloadType: type, payload, signatures } = content.dsseEnvelope;
  if (type !== payloadType) throw new SignatureProblem(`has a payload of type ${showValue(type)}`);
  const { dsse } = await import('@sigstore/core');
  const [first] = signatures;
  if (first === undefined || signatures.length > 1) throw new SignatureProblem('has several signatures');
  const signed = dsse.preAuthEncoding(type, payload);
  return { ...readStatement(payload, subject), content: createSignedContent(signed, first.sig, payload) };
}

/** Find the subject in a statement. Its name is empty in those of cosign. */
function readStatement(payload: Buffer, subject: Digest): Pick<AttachedSignature, 'digest' | 'identity'> {
  const statement = parseStatement(payload);
  const { predicateType, subject: subjects } = statement;
  if (predicateType !== signPredicate) {
    throw new SignatureProblem(`is an attestation of type ${showValue(predicateType)}, no signature`);
  }
  if (!Array.isArray(subjects) || subjects.length > 1024)
    throw new SignatureProblem('has malformed subjects');
  const [algorithm = '', hex] = subject.split(':');
  const found: unknown = subjects.find(
    (item: unknown) => isJsonObject(item) && isJsonObject(item.digest) && item.digest[algorithm] === hex,
  );
  if (!isJsonObject(found)) throw new SignatureProblem(`is not for ${subject}`);
  const { name } = found;
  return { digest: subject, ...(typeof name === 'string' && name !== '' && { identity: name }) };
}

function parseStatement(payload: Buffer) {
  const problem = 'has a malformed statement';
  try {
    const statement = parseStrictJson(payload, { maxBytes: maxBundleBytes, subject: 'statement' });
    if (isJsonObject(statement) && String(statement._type).startsWith('https://in-toto.io/Statement/')) {
      return statement;
    }
  } catch (cause) {
    throw new SignatureProblem(problem, { cause });
  }
  throw new SignatureProblem(problem);
}
