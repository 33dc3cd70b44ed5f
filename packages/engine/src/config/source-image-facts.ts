/**
 * The image that a plugin was made of, as its record keeps it: the plugin has no content of the image any more.
 */
import { codec, type ValueOf } from '@outboard/oci';
import { verificationCodec } from './verification.ts';

const { field, object, optionalField } = codec;

/** The table of these facts in documents. */
export const sourceImageCodec = object({
  /** With registry and tag or digest, such as `docker.io/library/alpine:3.20`. */
  reference: field('Reference', codec.requiredText),
  /** Of its manifest, for one platform. */
  digest: field('Digest', codec.digest),
  /** Of the index that the manifest was chosen from. */
  indexDigest: optionalField('IndexDigest', codec.digest),
  /** Signatures of the image that were verified before it was read; absent without a signature policy. */
  verification: optionalField('Verification', verificationCodec),
});

/** Facts about the image that a plugin was made of. */
export type SourceImageFacts = ValueOf<typeof sourceImageCodec>;
