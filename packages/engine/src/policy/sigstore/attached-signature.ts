/**
 * A signature that was found beside a plugin and is not verified yet.
 */
import type { KeyObject } from 'node:crypto';
import type { Digest } from '@outboard/oci';
import type { TransparencyLogEntry } from '@sigstore/bundle';

/** The signed bytes and their signature. It has the form that the library for verification wants. */
export interface SignedContent {
  readonly signature: Buffer;
  /** True if it is this signature; a log's entry is compared so. */
  compareSignature(signature: Buffer): boolean;
  /** True if the signed bytes have this digest. */
  compareDigest(digest: Buffer): boolean;
  /** True if this key made it. */
  verifySignature(key: KeyObject): boolean;
}

/** A signature of sigstore. Everything in it comes from the registry. */
export interface AttachedSignature {
  readonly storage: 'tag' | 'referrer';
  /** Manifest or index that was signed, as the signed bytes say. */
  readonly digest: Digest;
  /** Name that was signed; absent where the format names none. */
  readonly identity?: string | undefined;
  readonly content: SignedContent;
  /** Certificate of the key in DER; absent for a key without. */
  readonly certificate?: Buffer | undefined;
  /** Certificates of authorities in DER, which prove nothing by themselves. */
  readonly chain: readonly Buffer[];
  readonly logEntries: readonly TransparencyLogEntry[];
  /** Time stamps of RFC 3161 in DER. */
  readonly timestamps: readonly Buffer[];
}
