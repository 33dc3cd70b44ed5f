/**
 * Reads files that are named by the digest of their content, and verifies the digest on the way.
 */

import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Cancellable } from '@outboard/async';
import { createDigester, type Digest, digestAlgorithm } from '../digests/digest.ts';
import { systemErrorCode } from '../files/storage-error.ts';

const readSize = 256 * 1024;
/** Size of a read that may find the end, such as that of a manifest. */
const smallReadSize = 16 * 1024;
/** Of a file that is read into the same memory: what streams hold, and two chunks of the consumer. */
const reusedBuffers = 8;

/** Settings of a read. */
interface ReadOptions extends Cancellable {
  /** See `OpenContentOptions`; default false. */
  readonly reuseMemory?: boolean | undefined;
}

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
    for await (const _ of checkedChunks(file, digest, { signal, reuseMemory: true })) {
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
  options: ReadOptions & { readonly explain: (damage: string) => Promise<Error> },
): Readable {
  const { explain, signal } = options;
  async function* chunks(): AsyncGenerator<Buffer> {
    try {
      yield* checkedChunks(file, digest, options);
    } catch (error) {
      throw error instanceof Damage ? await explain(error.message) : error;
    }
  }
  const stream = Readable.from(chunks(), { signal });
  // An abort while the file was opened comes before the consumer listens, who finds the stream destroyed with this error.
  stream.on('error', () => undefined);
  // Closed here, so that a stream that was never read closes it too. Nothing was written: a failed close loses nothing.
  stream.once('close', () => void file.close().catch(() => undefined));
  return stream;
}

class Damage extends Error {}

async function* checkedChunks(
  file: FileHandle,
  digest: Digest,
  options: ReadOptions,
): AsyncGenerator<Buffer> {
  const digester = createDigester(digestAlgorithm(digest));
  let held: Buffer | undefined;
  try {
    for await (const chunk of readChunks(file, options)) {
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

/**
 * Read a file from its start; its owner closes it. Reading into fresh memory costs more processor time than hashing: the kernel
 * has to provide each page.
 */
async function* readChunks(
  file: FileHandle,
  { signal, reuseMemory = false }: ReadOptions,
): AsyncGenerator<Buffer> {
  const buffers: Buffer[] = [];
  let position = 0;
  let wasFilled = false;
  for (let turn = 0; ; ) {
    signal?.throwIfAborted();
    // The first read may be all of a document, and one that follows a short read finds the end.
    const known: Buffer | undefined = wasFilled && reuseMemory ? buffers[turn % reusedBuffers] : undefined;
    const buffer: Buffer = known ?? Buffer.allocUnsafeSlow(wasFilled ? readSize : smallReadSize);
    if (wasFilled && reuseMemory && known === undefined) buffers.push(buffer);
    if (wasFilled) turn += 1;
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    wasFilled = bytesRead === buffer.length;
    yield buffer.subarray(0, bytesRead);
  }
}
