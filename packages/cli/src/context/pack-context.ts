/**
 * Archives a plugin's directory as a tar stream. Small files share chunks of one megabyte, large files are passed on as
 * they are read, so at most a few megabytes are in memory. File capabilities are the only extended attributes.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createTarWriter } from '@outboard/oci/layers';
import { CommandError, messageOf } from '../command-error.ts';
import { ChunkedOutput } from './chunked-output.ts';
import { loadAttributeReader } from './file-capabilities.ts';
import { walkContext } from './walk-context.ts';

/** Upper bound of one read of a large file. */
const maxReadBytes = 1024 * 1024;
/** Files up to this size are read synchronously, which is faster than the thread pool, and share chunks. */
const maxSmallBytes = 128 * 1024;
/** A file may have been replaced meanwhile: do not follow a link, do not block on a FIFO. */
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Warnings and cancellation of packing. */
export interface PackOptions {
  /** Called with a line for each file that was left out. */
  readonly onWarning: (message: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Archive `config.json` and `rootfs/` of a directory.
 * The stream fails with a `CommandError` if a file cannot be read or shrinks while it is read.
 */
export function packContext(directory: string, options: PackOptions): Readable {
  return Readable.from(packChunks(directory, options), { objectMode: false, highWaterMark: maxReadBytes });
}

async function* packChunks(directory: string, { onWarning, signal }: PackOptions): AsyncGenerator<Buffer> {
  const output = new ChunkedOutput();
  // Small pieces are copied, because their memory is reused; large ones have their own.
  const tar = createTarWriter((bytes) =>
    bytes.length <= maxSmallBytes ? output.copy(bytes) : output.append(bytes),
  );
  const scratch = Buffer.allocUnsafeSlow(maxSmallBytes);
  const readAttributes = await loadAttributeReader(onWarning);
  for (const { entry, source } of walkContext(directory, { onSkip: onWarning, readAttributes })) {
    signal.throwIfAborted();
    tar.onEntry(entry);
    if (entry.size > maxSmallBytes) {
      for await (const bytes of readLargeFile(source, entry.size)) {
        tar.onContent(bytes);
        yield* output.takeReady();
      }
    } else if (entry.size > 0) {
      tar.onContent(readSmallFile(source, scratch.subarray(0, entry.size)));
    }
    tar.onEntryEnd();
    yield* output.takeReady();
  }
  tar.end();
  yield* output.takeRest();
}

/** Read exactly the number of bytes in the header, into the given memory. */
function readSmallFile(source: Buffer, into: Buffer): Buffer {
  try {
    const file = openSync(source, openFlags);
    try {
      for (let filled = 0; filled < into.length; ) {
        const bytesRead = readSync(file, into, filled, into.length - filled, null);
        if (bytesRead === 0) throw shrank();
        filled += bytesRead;
      }
      return into;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw cannotArchive(source, error);
  }
}

/** Read exactly the number of bytes in the header, each chunk into new memory. */
async function* readLargeFile(source: Buffer, size: number): AsyncGenerator<Buffer> {
  try {
    await using file = await open(source, openFlags);
    for (let remaining = size; remaining > 0; ) {
      const into = Buffer.allocUnsafeSlow(Math.min(remaining, maxReadBytes));
      const { bytesRead } = await file.read(into, 0, into.length, null);
      if (bytesRead === 0) throw shrank();
      remaining -= bytesRead;
      yield into.subarray(0, bytesRead);
    }
  } catch (error) {
    throw cannotArchive(source, error);
  }
}

function shrank(): CommandError {
  return new CommandError('the file shrank while it was read');
}

function cannotArchive(source: Buffer, error: unknown): CommandError {
  return new CommandError(`cannot archive "${source}": ${messageOf(error)}`, { cause: error });
}
