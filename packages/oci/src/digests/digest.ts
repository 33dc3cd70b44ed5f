/**
 * Digests `algorithm:hex`, checked once by `parseDigest`, so that other code can build paths from them.
 */
import { createHash } from 'node:crypto';
import { OutboardError } from '../errors/outboard-error.ts';

/** A checked digest, such as `sha256:` and 64 lower-case hex digits. Only `parseDigest` and a digester make one. */
export type Digest = `${DigestAlgorithm}:${string}` & { readonly __brand: 'Digest' };

/** The algorithms of the OCI image spec. */
export type DigestAlgorithm = 'sha256' | 'sha512';

const pattern = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;

/**
 * Check a digest.
 * @throws {OutboardError} invalid
 * @see OCI image-spec v1.1.1, descriptor.md "Digests"
 */
export function parseDigest(text: string): Digest {
  if (!pattern.test(text)) {
    const shown = text.length > 160 ? `${text.slice(0, 160)}…` : text;
    throw new OutboardError(
      'invalid',
      `invalid digest ${JSON.stringify(shown)}: want sha256:<64 lower-case hex digits> or sha512:<128>`,
    );
  }
  return text as Digest; // the pattern above is the definition of a digest
}

/** The algorithm part of a digest. */
export function digestAlgorithm(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256';
}

/** The hex part of a digest. */
export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}

/** The first 12 hex digits, as Docker shows blobs in progress lines. */
export function shortDigest(digest: Digest): string {
  return digestHex(digest).slice(0, 12);
}

/** The digest of bytes in memory. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}` as Digest; // hex of that algorithm
}

/** Computes a digest of bytes as they pass. */
export interface Digester {
  update(chunk: Uint8Array): void;
  /** The digest of all updates so far; more updates may follow. */
  digest(): Digest;
}

/** Start a digest. */
export function createDigester(algorithm: DigestAlgorithm = 'sha256'): Digester {
  const hash = createHash(algorithm);
  return {
    update(chunk) {
      hash.update(chunk);
    },
    digest() {
      return `${algorithm}:${hash.copy().digest('hex')}` as Digest; // hex of that algorithm
    },
  };
}
