/**
 * The proof with which a version of a plugin was accepted by the signature policy, as its record keeps it.
 */
import { codec, type ValueOf } from '@outboard/oci';

const { field, listOrEmpty, object, optionalField } = codec;

/** One signature that was verified. */
const signatureCodec = object({
  /** `key`: a public key of the policy; `certificate`: one that names its holder; `pgp`: an OpenPGP key. */
  kind: field('Kind', codec.oneOf('key', 'certificate', 'pgp')),
  /** Fingerprint of the key: `sha256:` and the digest of its SubjectPublicKeyInfo in DER, or that of an OpenPGP key. */
  key: field('Key', codec.requiredText),
  /** Holder of the certificate: an email address, a URI or a host name. */
  subject: optionalField('Subject', codec.requiredText),
  /** OpenID Connect issuer that vouched for the holder. */
  issuer: optionalField('Issuer', codec.requiredText),
  /** Name that was signed, such as `registry.example/acme/p:v1`; absent where the format names none. */
  identity: optionalField('Identity', codec.requiredText),
  /** Digest that was signed: of the manifest, or of the index that lists it. */
  digest: field('Digest', codec.digest),
  /** Where it was found: under a tag, among the referrers, or in a signature store beside the registry. */
  storage: field('Storage', codec.oneOf('tag', 'referrer', 'lookaside')),
  /** Time at which a transparency log or a time stamp authority had it; for `pgp` the time that the signer claims. */
  signedAt: optionalField('SignedAt', codec.instant),
  /** Number of its entry in the transparency log. */
  logIndex: optionalField('LogIndex', codec.requiredText),
});

/** The table of a verification in documents. */
export const verificationCodec = object({
  checkedAt: field('CheckedAt', codec.instant),
  /** Part of the policy that applied, such as `docker registry.example/acme` or `default`. */
  scope: field('Scope', codec.requiredText),
  /** Empty where the policy asks for none. */
  signatures: field('Signatures', listOrEmpty(signatureCodec)),
});

/** A signature that was verified. */
export type VerifiedSignature = ValueOf<typeof signatureCodec>;

/** Result of a check against a policy that accepted. */
export type Verification = ValueOf<typeof verificationCodec>;
