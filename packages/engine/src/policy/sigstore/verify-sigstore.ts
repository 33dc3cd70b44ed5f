/**
 * Verifies the signatures of a plugin against one requirement for signatures of sigstore.
 */
import type { KeyObject } from 'node:crypto';
import { OutboardError } from '@outboard/oci';
import type { VerifiedSignature } from '../../config/verification.ts';
import { identityMismatch } from '../document/match-identity.ts';
import type { PolicyRequest } from '../document/policy-request.ts';
import { describeProblems, SignatureProblem } from '../document/signature-problem.ts';
import type { AttachedSignature } from './attached-signature.ts';
import { verifyFulcioSigner, verifyPkiSigner } from './certificate-signer.ts';
import { type FoundSignatures, findSignatures, signatureTag } from './find-signatures.ts';
import { requireLogged } from './log-evidence.ts';
import { fingerprintOf, type SigstoreTrust, type TrustedKey } from './sigstore-trust.ts';

/** The maker of a signature, and the time of it. */
export type VerifiedSigner = Pick<
  VerifiedSignature,
  'kind' | 'key' | 'subject' | 'issuer' | 'signedAt' | 'logIndex'
>;

/** Result of a verification of all signatures. */
export interface VerifiedSignatures {
  readonly verified: readonly VerifiedSignature[];
  /** Reasons why others do not count, one sentence each. */
  readonly problems: readonly string[];
}

/**
 * Verify all signatures.
 * @returns those that meet the requirement, at least one
 * @throws {OutboardError} forbidden, code `signature`, with the reasons; the errors of the reader if none suffices
 */
export async function verifySigstore(
  trust: SigstoreTrust,
  request: PolicyRequest,
): Promise<readonly VerifiedSignature[]> {
  const found = await findSignatures(request);
  const { verified, problems } = await verifyAll(trust, request, found);
  if (verified.length > 0) return verified;
  if (found.failure !== undefined) throw found.failure;
  throw new OutboardError('forbidden', refusalOf(problems, request), { code: 'signature' });
}

/** Verify signatures that were found. */
async function verifyAll(
  trust: SigstoreTrust,
  request: PolicyRequest,
  found: FoundSignatures,
): Promise<VerifiedSignatures> {
  const verified: VerifiedSignature[] = [];
  const problems = [...found.problems];
  for (const [index, signature] of found.signatures.entries()) {
    try {
      verified.push(await verifyOne(signature, trust, request));
    } catch (error) {
      if (!(error instanceof SignatureProblem)) throw error;
      problems.push(`signature ${index + 1} ${error.message}`);
    }
  }
  return { verified, problems };
}

async function verifyOne(
  signature: AttachedSignature,
  trust: SigstoreTrust,
  { reference, manifest, index }: PolicyRequest,
): Promise<VerifiedSignature> {
  const { digest, storage, identity } = signature;
  if (digest !== manifest.digest && digest !== index?.digest) {
    throw new SignatureProblem(`is for ${digest}, not for ${manifest.digest}`);
  }
  const signer = await verifySigner(signature, trust);
  const mismatch = identityMismatch(trust.identity, identity, reference);
  if (mismatch !== undefined) {
    throw new SignatureProblem(`of ${signer.subject ?? signer.key} does not count: ${mismatch}`);
  }
  return { ...signer, digest, storage, ...(identity !== undefined && { identity }) };
}

function verifySigner(signature: AttachedSignature, trust: SigstoreTrust): Promise<VerifiedSigner> {
  const { signer, logs } = trust;
  switch (signer.kind) {
    case 'keys':
      return verifyKeySigner(signature, signer.keys, logs);
    case 'fulcio':
      return verifyFulcioSigner(signature, signer);
    case 'pki':
      return verifyPkiSigner(signature, signer, new Date());
  }
}

async function verifyKeySigner(
  signature: AttachedSignature,
  keys: readonly TrustedKey[],
  tlogs: SigstoreTrust['logs'],
): Promise<VerifiedSigner> {
  const made = keys.find(({ key }) => isMadeBy(signature, key));
  if (made === undefined) {
    const names = keys.map(({ name, fingerprint }) => `${name} (${fingerprint})`).join(', ');
    throw new SignatureProblem(`was made by another key than ${names}, or its content was changed`);
  }
  const { key } = made;
  const evidence =
    tlogs.length > 0 && (await requireLogged(signature, { key }, { tlogs, timestampAuthorities: [] }));
  return { kind: 'key', key: fingerprintOf(key), ...evidence };
}

/** Node.js throws for keys that cannot sign so. */
function isMadeBy({ content }: AttachedSignature, key: KeyObject): boolean {
  try {
    return content.verifySignature(key);
  } catch {
    return false;
  }
}

function refusalOf(problems: readonly string[], { manifest, index }: PolicyRequest): string {
  if (problems.length === 0) {
    const tags = [index, manifest].flatMap((subject) => (subject ? [signatureTag(subject.digest)] : []));
    return `it is not signed: there is no tag ${tags.join(' or ')}, and no signature among its referrers`;
  }
  return describeProblems(problems);
}
