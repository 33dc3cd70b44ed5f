/**
 * Measures the content of one ingest while it is written, and compares it with what its writer expects. Shared by all
 * content stores, so that they refuse the same content with the same words.
 */
import {
  createDigester,
  type Digest,
  type DigestAlgorithm,
  type Digester,
  digestAlgorithm,
} from '../digests/digest.ts';
import { OutboardError } from '../errors/outboard-error.ts';
import type { ExpectedContent } from './content-store.ts';

/** Size and digests of content, updated chunk by chunk. */
export class ContentCheck {
  readonly #sha256: Digester = createDigester('sha256');
  readonly #sha512: Digester | undefined;
  #size = 0;

  /** @param algorithm sha512 is computed beside sha256 only when it is named here */
  constructor(algorithm: DigestAlgorithm) {
    this.#sha512 = algorithm === 'sha512' ? createDigester('sha512') : undefined;
  }

  /** Bytes so far. */
  get size(): number {
    return this.#size;
  }

  update(chunk: Uint8Array): void {
    this.#size += chunk.length;
    this.#sha256.update(chunk);
    this.#sha512?.update(chunk);
  }

  /** The sha256 of all chunks so far. */
  digest(): Digest {
    return this.#sha256.digest();
  }

  /**
   * Compare with what was expected.
   * @returns the name and size to store the content under; its sha256 when nothing was expected
   * @throws {OutboardError} invalid when size or digest differ, or when the digest is of an algorithm that was not computed
   */
  verify(expected: ExpectedContent | undefined): ExpectedContent {
    if (expected === undefined) return { digest: this.digest(), size: this.#size };
    if (this.#size !== expected.size) {
      throw new OutboardError(
        'invalid',
        `content of ${expected.digest} has ${this.#size} bytes, want ${expected.size}`,
      );
    }
    const digester = digestAlgorithm(expected.digest) === 'sha512' ? this.#sha512 : this.#sha256;
    if (digester === undefined) {
      throw new OutboardError(
        'invalid',
        `cannot verify ${expected.digest}: the ingest was opened for sha256`,
      );
    }
    const actual = digester.digest();
    if (actual !== expected.digest) {
      throw new OutboardError('invalid', `content has digest ${actual}, want ${expected.digest}`);
    }
    return expected;
  }
}
