/**
 * The holder that a certificate names, and the OpenID Connect issuer that vouched for it.
 */
import { X509Certificate as NodeCertificate } from 'node:crypto';
import type { X509Certificate } from '@sigstore/core';
import type { CertificateSubject } from '../document/policy-document.ts';
import { SignatureProblem } from '../document/signature-problem.ts';

/** Extensions of Fulcio with the issuer: as bare text, and as a string of ASN.1. */
const issuerExtensions = { bare: '1.3.6.1.4.1.57264.1.1', encoded: '1.3.6.1.4.1.57264.1.8' } as const;

/** The holder as text, for messages and the record: a URI, an email address or a host name. */
export function subjectOf(certificate: X509Certificate): string {
  const { extSubjectAltName } = certificate;
  return extSubjectAltName?.uri ?? extSubjectAltName?.rfc822Name ?? hostNameOf(certificate) ?? 'nobody';
}

function hostNameOf(certificate: X509Certificate): string | undefined {
  const names = new NodeCertificate(certificate.root.toDER()).subjectAltName;
  return /(?:^|, )DNS:([^,]+)/.exec(names ?? '')?.[1];
}

/** Compare the holder with the one that the policy demands. @throws {SignatureProblem} */
export function requireSubject(certificate: X509Certificate, wanted: CertificateSubject): void {
  const node = new NodeCertificate(certificate.root.toDER());
  const { email, uri, hostname } = wanted;
  const isMatch =
    (email === undefined || node.checkEmail(email, { subject: 'never' }) === email) &&
    (uri === undefined || certificate.extSubjectAltName?.uri === uri) &&
    (hostname === undefined || node.checkHost(hostname, { subject: 'never' }) !== undefined);
  if (isMatch) return;
  const names = [email, uri, hostname].filter((name) => name !== undefined).join(' and ');
  throw new SignatureProblem(`was made by ${JSON.stringify(subjectOf(certificate))}, not by ${names}`);
}

/** The issuer; undefined when the certificate names none. @throws {SignatureProblem} when it names two */
function issuerOf(certificate: X509Certificate): string | undefined {
  const bare = certificate.extension(issuerExtensions.bare)?.value.toString('utf8');
  const encoded = certificate.extension(issuerExtensions.encoded)?.valueObj.subs[0]?.value.toString('utf8');
  if (bare !== undefined && encoded !== undefined && bare !== encoded) {
    throw new SignatureProblem('has a certificate with two issuers of OpenID Connect');
  }
  return encoded ?? bare;
}

/** Compare the issuer with the one that the policy demands. @throws {SignatureProblem} */
export function requireIssuer(certificate: X509Certificate, wanted: string): string {
  const issuer = issuerOf(certificate);
  if (issuer === wanted) return issuer;
  const found = issuer === undefined ? 'no issuer' : JSON.stringify(issuer);
  throw new SignatureProblem(`has a certificate of ${found}, not of ${wanted}`);
}
