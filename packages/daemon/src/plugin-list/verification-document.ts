/**
 * The proof and the source image of a plugin as the API shows them: the same fields as on its record.
 */
import type { SourceImageFacts, Verification } from '@outboard/engine';

/** Convert. Times are those of RFC 3339, and unknown fields are absent. */
export function toVerificationDocument({ checkedAt, scope, signatures }: Verification): object {
  return {
    CheckedAt: checkedAt.toISOString(),
    Scope: scope,
    Signatures: signatures.map((signature) => ({
      Kind: signature.kind,
      Key: signature.key,
      Subject: signature.subject,
      Issuer: signature.issuer,
      Identity: signature.identity,
      Digest: signature.digest,
      Storage: signature.storage,
      SignedAt: signature.signedAt?.toISOString(),
      LogIndex: signature.logIndex,
    })),
  };
}

/** Convert the facts about a source image, with its own proof. */
export function toSourceImageDocument(image: SourceImageFacts): object {
  return {
    Reference: image.reference,
    Digest: image.digest,
    IndexDigest: image.indexDigest,
    Verification: image.verification && toVerificationDocument(image.verification),
  };
}
