/**
 * Chains of certificates from a signature up to an authority of the policy.
 * @see RFC 5280, section 6
 */
import { X509Certificate as NodeCertificate } from 'node:crypto';
import type { X509Certificate } from '@sigstore/core';
import { SignatureProblem } from '../document/signature-problem.ts';

/** Upper bound of certificates in a chain, less the first one. */
const maxDepth = 6;

const codeSigning = '1.3.6.1.5.5.7.3.3';

/** Extensions that are understood: constraints, usages, identifiers, alternative names, and policies, which restrict nothing. */
const knownExtensions = new Set([
  '2.5.29.14',
  '2.5.29.15',
  '2.5.29.17',
  '2.5.29.19',
  '2.5.29.32',
  '2.5.29.35',
  '2.5.29.37',
]);

/** Parse a certificate in DER. @throws {SignatureProblem} */
export async function parseCertificate(der: Buffer): Promise<X509Certificate> {
  const { X509Certificate } = await import('@sigstore/core');
  try {
    // Node.js refuses what the other parser passes over.
    new NodeCertificate(der);
    return X509Certificate.parse(Buffer.from(der));
  } catch (cause) {
    throw new SignatureProblem('has a malformed certificate', { cause });
  }
}

/** Certificates among which a chain is looked for. */
export interface ChainCandidates {
  readonly roots: readonly X509Certificate[];
  /** Certificates that came with the signature: they count only below a root. */
  readonly given: readonly X509Certificate[];
}

/**
 * Find a chain at one time.
 * @returns the certificates between the leaf and a root
 * @throws {SignatureProblem} when there is none, or none at that time
 */
export function requireChain(
  leaf: X509Certificate,
  candidates: ChainCandidates,
  time: Date,
): readonly X509Certificate[] {
  if (!leaf.validForDate(time)) {
    throw new SignatureProblem(
      `has a certificate that is valid from ${leaf.notBefore.toISOString()} to ${leaf.notAfter.toISOString()}, not at ${time.toISOString()}`,
    );
  }
  if (!isUnderstood(leaf)) throw new SignatureProblem('has a certificate with an unknown critical extension');
  const chain = findChain(leaf, candidates, time, []);
  if (chain === undefined)
    throw new SignatureProblem('has a certificate that no authority of the policy issued');
  return chain;
}

/** @param below authorities between the leaf and this certificate, itself included */
function findChain(
  certificate: X509Certificate,
  { roots, given }: ChainCandidates,
  time: Date,
  below: readonly X509Certificate[],
): readonly X509Certificate[] | undefined {
  if (below.length >= maxDepth) return undefined;
  const isIssuer = (candidate: X509Certificate) =>
    candidate.subject.equals(certificate.issuer) &&
    isAuthority(candidate, below.length) &&
    candidate.validForDate(time) &&
    certificate.verify(candidate);
  if (roots.some(isIssuer)) return below;
  for (const candidate of given.filter(isIssuer)) {
    // Each certificate is used once at most, so that the work is bounded.
    const others = given.filter((other) => other !== candidate);
    const chain = findChain(candidate, { roots, given: others }, time, [...below, candidate]);
    if (chain !== undefined) return chain;
  }
  return undefined;
}

function isAuthority(certificate: X509Certificate, depth: number): boolean {
  const limit = certificate.extBasicConstraints?.pathLenConstraint;
  return certificate.isCA && (limit === undefined || limit >= depth) && isUnderstood(certificate);
}

/** False for a certificate with a critical extension that is not checked here, such as constraints on names. */
function isUnderstood(certificate: X509Certificate): boolean {
  return certificate.extensions.every((extension) => {
    const oid = extension.subs[0]?.toOID() ?? '';
    return knownExtensions.has(oid) || certificate.extension(oid)?.critical !== true;
  });
}

/** Refuse a certificate that is for something else, such as TLS. @throws {SignatureProblem} */
export function requireCodeSigning(der: Buffer): void {
  const usages = new NodeCertificate(der).keyUsage as readonly string[] | undefined; // undefined without the extension
  if (usages?.includes(codeSigning) !== true) {
    throw new SignatureProblem('has a certificate that is not for the signing of code');
  }
}
