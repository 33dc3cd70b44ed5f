/**
 * Descriptors: what points at content.
 */
import type { Digest } from '../digests/digest.ts';

/** The platform of one entry of an index. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** A pointer to content. @see OCI image-spec v1.1.1, descriptor.md */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly platform?: Platform;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Type of the artifact, in lists of referrers. */
  readonly artifactType?: string;
}
