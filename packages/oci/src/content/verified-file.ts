/**
 * Files that are named by the digest of what they hold, read so that nothing else is ever taken for it.
 */
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createDigester, type Digest, digestAlgorithm } from '../digests/digest.ts';
import { systemErrorCode } from '../files/storage-error.ts';

const readSize = 256 * 1024;

/** What a disk says of a block that it cannot give back as it was. */
const damageCodes: ReadonlySet<string | undefined> = new Set(['EIO', 'EBADMSG', 'EUCLEAN']);

/**
 * Hash a file from its start.
 * @returns what is wrong with it; undefined when it holds what its digest says
 * @throws the system's error when the file cannot be read for a reason that is not its own
 */
export async function findDamage(
  file: FileHandle,
  digest: Digest,
  signal?: AbortSignal,
): Promise<string | undefined> {
  try {
    for await (const _ of checkedChunks(file, digest, signal)) {
      // Only the end matters.
    }
    return undefined;
  } catch (error) {
    if (error instanceof Damage) return error.message;
    throw error;
  }
}

/**
 * Open a file as a stream that ends only if it holds what its digest says: the last chunk is held back until then.
 * The stream owns the file.
 * @param explain makes the error of the stream from what is wrong with the file
 */
export function openVerified(
  file: FileHandle,
  digest: Digest,
  options: {
    readonly explain: (damage: string) => Promise<Error>;
    readonly signal?: AbortSignal | undefined;
  },
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
  // Also for a stream that was never read. A file that was only read loses nothing when closing it fails.
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
  // Closed by its owner: a stream that closes it would take it from whoever comes next.
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
