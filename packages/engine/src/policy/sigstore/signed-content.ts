/**
 * Signatures over bytes, by the kinds of keys that cosign makes.
 */
import { createHash, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import type { SignedContent } from './attached-signature.ts';

/** Hash functions of ECDSA by curve: cosign uses SHA-256 for every curve, or the one of its size. */
const hashesByCurve: Readonly<Record<string, readonly string[]>> = {
  prime256v1: ['sha256'],
  secp384r1: ['sha384', 'sha256'],
  secp521r1: ['sha512', 'sha256'],
};

/**
 * Make the content of a signature.
 * @param signed the bytes over which the signature is
 * @param logged the bytes whose digest a transparency log holds; default the signed ones
 */
export function createSignedContent(signed: Buffer, signature: Buffer, logged = signed): SignedContent {
  const digest = createHash('sha256').update(logged).digest();
  return {
    signature,
    compareSignature: (other) => isSame(signature, other),
    compareDigest: (other) => isSame(digest, other),
    verifySignature: (key) => isSignedBy(signed, signature, key),
  };
}

/** True if a key made a signature. RSA is that of PKCS #1 v1.5 with SHA-256. */
function isSignedBy(signed: Buffer, signature: Buffer, key: KeyObject): boolean {
  const { asymmetricKeyType, asymmetricKeyDetails } = key;
  switch (asymmetricKeyType) {
    case 'ed25519':
      return verify(null, signed, key, signature);
    case 'rsa':
      return verify('sha256', signed, key, signature);
    case 'ec': {
      const hashes = hashesByCurve[asymmetricKeyDetails?.namedCurve ?? ''] ?? [];
      return hashes.some((hash) => verify(hash, signed, key, signature));
    }
    default:
      return false;
  }
}

function isSame(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
