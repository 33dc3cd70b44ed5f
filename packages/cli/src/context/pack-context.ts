/**
 * A plugin's folder as a stream of tar: many small files share a chunk of one megabyte, and large ones are handed on as
 * they are read. Never more than a few megabytes are in memory.
 * Of extended attributes, file capabilities are archived.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createTarWriter } from '@outboard/oci/layers';
import { CommandError, messageOf } from '../command-error.ts';
import { ChunkedOutput } from './chunked-output.ts';
import { loadAttributeReader } from './file-capabilities.ts';
import { walkContext } from './walk-context.ts';

/** Most bytes of a large file that are read at once. */
const maxReadBytes = 1024 * 1024;
/** Up to this size the way through the thread pool takes longer than the reading, and less than it is worth a chunk. */
const maxSmallBytes = 128 * 1024;
/** A link or a pipe that took a file's place meanwhile is not followed, nor waited for. */
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** What a pack may report and who may end it. */
export interface PackOptions {
  /** Called with a line for everything that was left out. */
  readonly onWarning: (message: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Archive `config.json` and `rootfs/` of a folder.
 * The stream fails with a `CommandError` if a file cannot be read or becomes smaller meanwhile.
 */
export function packContext(directory: string, options: PackOptions): Readable {
  return Readable.from(packChunks(directory, options), { objectMode: false, highWaterMark: maxReadBytes });
}

async function* packChunks(directory: string, { onWarning, signal }: PackOptions): AsyncGenerator<Buffer> {
  const output = new ChunkedOutput();
  // What is small is gathered; what is large was read into memory of its own.
  const tar = createTarWriter((bytes) =>
    bytes.length <= maxSmallBytes ? output.copy(bytes) : output.handOn(bytes),
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

/** Exactly as many bytes as the header promised, in the memory given. */
function readSmallFile(source: Buffer, into: Buffer): Buffer {
  try {
    const file = openSync(source, openFlags);
    try {
      for (let filled = 0; filled < into.length; ) {
        const bytesRead = readSync(file, into, filled, into.length - filled, null);
        if (bytesRead === 0) throw becameSmaller();
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

/** Exactly as many bytes as the header promised, each piece in memory of its own. */
async function* readLargeFile(source: Buffer, size: number): AsyncGenerator<Buffer> {
  try {
    await using file = await open(source, openFlags);
    for (let remaining = size; remaining > 0; ) {
      const into = Buffer.allocUnsafeSlow(Math.min(remaining, maxReadBytes));
      const { bytesRead } = await file.read(into, 0, into.length, null);
      if (bytesRead === 0) throw becameSmaller();
      remaining -= bytesRead;
      yield into.subarray(0, bytesRead);
    }
  } catch (error) {
    throw cannotArchive(source, error);
  }
}

function becameSmaller(): CommandError {
  return new CommandError('it became smaller while it was read');
}

function cannotArchive(source: Buffer, error: unknown): CommandError {
  return new CommandError(`cannot archive "${source}": ${messageOf(error)}`, { cause: error });
}
