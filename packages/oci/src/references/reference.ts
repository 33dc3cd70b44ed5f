/**
 * Image-style references, parsed once into a typed value.
 */
import type { Digest } from '../digests/digest.ts';

/** A normalized reference: the domain is always set, `library/` is explicit for Docker Hub's official names. */
export interface Reference {
  /** Registry host and port, such as `docker.io`, `reg:5000` or `[::1]:5000`. */
  readonly domain: string;
  /** Repository path inside the registry, such as `library/alpine`. */
  readonly path: string;
  readonly tag?: string;
  readonly digest?: Digest;
}
