/**
 * Signatures whose key a certificate names: of Fulcio, for an identity of OpenID Connect, or of an authority of one's own.
 */
import { createPublicKey } from 'node:crypto';
import type { X509Certificate } from '@sigstore/core';
import type { VerifiedSignature } from '../../config/verification.ts';
import { SignatureProblem } from '../document/signature-problem.ts';
import type { AttachedSignature } from './attached-signature.ts';
import { parseCertificate, requireChain, requireCodeSigning } from './certificate-chain.ts';
import { requireIssuer, requireSubject, subjectOf } from './certificate-subject.ts';
import { inWords, requireLogged, toSignedEntity } from './log-evidence.ts';
import { fingerprintOf, type SigstoreTrust, type TrustedParties } from './sigstore-trust.ts';

type Signer<Kind> = SigstoreTrust['signer'] & { readonly kind: Kind };
type SignerFacts = Pick<VerifiedSignature, 'kind' | 'key' | 'subject' | 'issuer' | 'signedAt' | 'logIndex'>;

/**
 * Verify a signature of a certificate that is valid for minutes: a log or a time stamp authority must have seen it within them.
 * @throws {SignatureProblem}
 */
export async function verifyFulcioSigner(
  signature: AttachedSignature,
  { material, oidcIssuer, subject }: Signer<'fulcio'>,
): Promise<SignerFacts> {
  const { leaf, given } = await readCertificates(signature);
  const key = createPublicKey({ key: leaf.publicKey, format: 'der', type: 'spki' });
  let chain: readonly X509Certificate[] = [];
  const requireValidAt = (time: Date) => {
    const roots = material.certificateAuthorities
      .filter(({ validFor }) => validFor.start <= time && time <= validFor.end)
      .flatMap(({ certChain }) => certChain);
    chain = requireChain(leaf, { roots, given }, time);
  };
  const evidence = await requireLogged(signature, { key, requireValidAt }, material);
  if (material.ctlogs.length > 0) await requirePublishedCertificate(signature, leaf, chain, material);
  const issuer = requireIssuer(leaf, oidcIssuer);
  requireSubject(leaf, subject);
  return { kind: 'certificate', key: fingerprintOf(key), subject: subjectOf(leaf), issuer, ...evidence };
}

/** The certificate must hold a promise of a log of certificates. @see RFC 6962, section 3.2 */
async function requirePublishedCertificate(
  signature: AttachedSignature,
  certificate: X509Certificate,
  chain: readonly X509Certificate[],
  material: TrustedParties,
): Promise<void> {
  const { Verifier } = await import('@sigstore/verify');
  const signed = await toSignedEntity(signature, material);
  const certificateAuthorities = material.certificateAuthorities.map((authority) => ({
    ...authority,
    // They end at a root of the policy, as was checked before.
    certChain: [...authority.certChain, ...chain],
  }));
  const publicKey = () => {
    throw new SignatureProblem('has no certificate');
  };
  inWords(() => {
    const trust = { ...material, certificateAuthorities, publicKey };
    new Verifier(trust, { ctlogThreshold: 1, tlogThreshold: 0, timestampThreshold: 1 }).verify({
      ...signed,
      tlogEntries: [],
      key: { $case: 'certificate', certificate },
    });
  });
}

/** Verify a signature of a certificate of one's own authority. @param now its certificate must be valid then */
export async function verifyPkiSigner(
  signature: AttachedSignature,
  { authorities, subject }: Signer<'pki'>,
  now: Date,
): Promise<SignerFacts> {
  const { leaf, given } = await readCertificates(signature);
  const roots = await Promise.all(authorities.roots.map(parseCertificate));
  const intermediates = await Promise.all(authorities.intermediates.map(parseCertificate));
  requireChain(leaf, { roots, given: [...intermediates, ...given] }, now);
  requireSubject(leaf, subject);
  const key = createPublicKey({ key: leaf.publicKey, format: 'der', type: 'spki' });
  if (!inWords(() => signature.content.verifySignature(key))) {
    throw new SignatureProblem(
      'was made by another key than that of its certificate, or its content was changed',
    );
  }
  return { kind: 'certificate', key: fingerprintOf(key), subject: subjectOf(leaf) };
}

async function readCertificates({ certificate, chain }: AttachedSignature) {
  if (certificate === undefined) throw new SignatureProblem('has no certificate');
  const leaf = await parseCertificate(certificate);
  requireCodeSigning(certificate);
  return { leaf, given: await Promise.all(chain.map(parseCertificate)) };
}
