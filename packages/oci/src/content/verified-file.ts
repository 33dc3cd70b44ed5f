/**
 * Reads files that are named by the digest of their content, and verifies the digest on the way.
 */

import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Cancellable } from '@outboard/async';
import { createDigester, type Digest, digestAlgorithm } from '../digests/digest.ts';
import { systemErrorCode } from '../files/storage-error.ts';

const readSize = 256 * 1024;

/** Error codes of disks and file systems for blocks that cannot be read back. */
const damageCodes: ReadonlySet<string | undefined> = new Set(['EIO', 'EBADMSG', 'EUCLEAN']);

/**
 * Hash a file from its start.
 * @returns a description of the damage; undefined when the content has its digest
 * @throws the system error when reading fails for a reason other than damage
 */
export async function findDamage(
  file: FileHandle,
  digest: Digest,
  signal?: AbortSignal,
): Promise<string | undefined> {
  try {
    for await (const _ of checkedChunks(file, digest, signal)) {
      // Chunks are read only to reach the verification at the end.
    }
    return undefined;
  } catch (error) {
    if (error instanceof Damage) return error.message;
    throw error;
  }
}

/**
 * Open a file as a stream that ends only if the content has its digest: the last chunk is held back until then.
 * The stream closes the file.
 * @param options.explain turns the description of the damage into the error of the stream
 */
export function openVerified(
  file: FileHandle,
  digest: Digest,
  options: Cancellable & { readonly explain: (damage: string) => Promise<Error> },
): Readable {
  const { explain, signal } = options;
  async function* chunks(): AsyncGenerator<Buffer> {
    try {
      yield* checkedChunks(file, digest, signal);
    } catch (error) {
      throw error instanceof Damage ? await explain(error.message) : error;
    }
  }
  const stream = Readable.from(chunks(), { signal });
  // Closed here, so that a stream that was never read closes it too. Nothing was written: a failed close loses nothing.
  stream.once('close', () => void file.close().catch(() => undefined));
  return stream;
}

class Damage extends Error {}

async function* checkedChunks(
  file: FileHandle,
  digest: Digest,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  const digester = createDigester(digestAlgorithm(digest));
  // The owner closes the file: it may use it after this stream.
  const source: AsyncIterable<Buffer> = file.createReadStream({
    start: 0,
    highWaterMark: readSize,
    autoClose: false,
    signal,
  });
  let held: Buffer | undefined;
  try {
    for await (const chunk of source) {
      digester.update(chunk);
      if (held !== undefined) yield held;
      held = chunk;
    }
  } catch (error) {
    const code = systemErrorCode(error);
    throw damageCodes.has(code) ? new Damage(`it cannot be read (${code})`) : error;
  }
  const actual = digester.digest();
  if (actual !== digest) throw new Damage(`it holds other bytes, of digest ${actual}`);
  if (held !== undefined) yield held;
}
