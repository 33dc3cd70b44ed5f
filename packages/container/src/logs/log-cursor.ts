/**
 * Reads a log forwards, from file to file, while conmon goes on writing it.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { OutboardError } from '@outboard/oci';
import { isErrno } from '../linux/errno.ts';
import { LineJoiner, type LogLine } from './line-joiner.ts';
import { comparePositions, type LogFile, type LogPosition, listLogFiles } from './log-files.ts';
import { createRecordParser } from './log-record.ts';

/** How much is read at once, in bytes. */
const chunkBytes = 256 * 1024;

/** No record of conmon's is longer; what is gets thrown away, up to the next line end. */
const maxRecordBytes = 1024 * 1024;

const lineEnd = 0x0a;
const noBytes = Buffer.alloc(0);

/** What a cursor read. */
export interface ReadLines {
  readonly lines: readonly LogLine[];
  /** Whether that was all there is, for now. */
  readonly isAtEnd: boolean;
}

export interface LogCursorOptions {
  readonly directory: string;
  readonly start: LogPosition;
  /** Records from here on are not read. */
  readonly end?: LogPosition | undefined;
  /** Lines that end up to here are left out; default `start`. */
  readonly after?: LogPosition | undefined;
}

/**
 * A place in a log that moves on. The file it is in stays open, so that its remainder is not lost when it is removed, until
 * `release()`: whoever does not read on for long keeps no removed file on the disk.
 */
export class LogCursor {
  readonly #directory: string;
  readonly #end: LogPosition | undefined;
  readonly #after: LogPosition;
  readonly #joiner = new LineJoiner();
  readonly #parse = createRecordParser();
  #position: LogPosition;
  /** Of the file at the position, once it was opened. */
  #inode: bigint | undefined;
  #file: FileHandle | undefined;
  /** The beginning of a record whose end is not written yet. */
  #rest: Buffer = noBytes;
  #skipsRecord = false;

  constructor(options: LogCursorOptions) {
    this.#directory = options.directory;
    this.#position = options.start;
    this.#end = options.end;
    this.#after = options.after ?? options.start;
  }

  /** Where the next call goes on. */
  get position(): LogPosition {
    return this.#position;
  }

  /**
   * Read on.
   * @param maxBytes of the log at most
   * @throws {OutboardError} unavailable, code `log-removed`, when what comes next was removed before it was read
   */
  async read(maxBytes: number = chunkBytes): Promise<ReadLines> {
    const chunk = await this.#readChunk(maxBytes);
    return chunk === undefined
      ? { lines: [], isAtEnd: true }
      : { lines: this.#takeLines(chunk), isAtEnd: false };
  }

  /** The lines that have begun and not ended. */
  unfinishedLines(): readonly LogLine[] {
    return this.#joiner.flush();
  }

  /**
   * Go on behind what was removed before it was read: at the beginning of the newest file, which stays longest, or at the
   * oldest when there is an end.
   * @returns about how many bytes were passed over, since the size of a file that has gone is not known; undefined when there
   * is nothing to go on with
   */
  async skipRemoved(): Promise<number | undefined> {
    const { file, offset } = this.#position;
    const files = (await listLogFiles(this.#directory)).filter(
      // The number of the one that was read may be that of another file by now.
      ({ number, inode }) => number > file || (number === file && inode !== this.#inode),
    );
    const next = this.#end === undefined ? files.at(-1) : files[0];
    if (next === undefined) return undefined;
    const fileBytes = Math.max(offset, ...files.map(({ size }) => size));
    await this.moveTo({ file: next.number, offset: 0 });
    return Math.max(1, next.number - file) * fileBytes - offset;
  }

  /** Go on at another place, which need not be the beginning of a record. */
  async moveTo(position: LogPosition): Promise<void> {
    await this.#leaveFile(position);
    this.#joiner.flush();
    this.#skipsRecord = position.offset > 0;
  }

  /** Close what is open; a later call of `read()` opens it again. */
  async release(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /** The next bytes; undefined at the end of what there is. */
  async #readChunk(maxBytes: number): Promise<Buffer | undefined> {
    for (;;) {
      const { file: number } = this.#position;
      if (this.#end !== undefined && comparePositions(this.#position, this.#end) >= 0) return undefined;
      // Looked for before the read: what is in the file now is all of it only if the next one exists already.
      const files = await listLogFiles(this.#directory);
      const next = files.find((file) => file.number > number);
      this.#file ??= await this.#openFile(files.find((file) => file.number === number));
      if (this.#file === undefined && !(this.#hasNotBegun && next === undefined)) throw removedError();
      const chunk = this.#file === undefined ? noBytes : await this.#readFile(this.#file, maxBytes);
      if (chunk.length > 0) return chunk;
      if (next === undefined) return undefined;
      if (next.number !== number + 1) throw removedError();
      await this.#leaveFile({ file: next.number, offset: 0 });
    }
  }

  /** Whether nothing was read of the file at the position: then it may be one that is still to come. */
  get #hasNotBegun(): boolean {
    return this.#inode === undefined && this.#position.offset === 0;
  }

  async #readFile(file: FileHandle, maxBytes: number): Promise<Buffer> {
    const { file: number, offset } = this.#position;
    const limit = this.#end?.file === number ? this.#end.offset - offset : maxBytes;
    const buffer = Buffer.allocUnsafe(Math.min(maxBytes, limit));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
    this.#position = { file: number, offset: offset + bytesRead };
    return buffer.subarray(0, bytesRead);
  }

  async #openFile(found: LogFile | undefined): Promise<FileHandle | undefined> {
    if (found === undefined) return undefined;
    let handle: FileHandle;
    try {
      handle = await open(found.path, 'r');
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      throw error;
    }
    const { ino } = await handle.stat({ bigint: true });
    // Replaced twice before it was linked: the number now is that of another file.
    if (this.#inode !== undefined && this.#inode !== ino) {
      await handle.close();
      return undefined;
    }
    this.#inode = ino;
    return handle;
  }

  async #leaveFile(position: LogPosition): Promise<void> {
    await this.release();
    this.#inode = undefined;
    this.#rest = noBytes;
    this.#skipsRecord = false;
    this.#position = position;
  }

  #takeLines(chunk: Buffer): readonly LogLine[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const { file, offset } = this.#position;
    const startOffset = offset - bytes.length;
    const lines: LogLine[] = [];
    let start = 0;
    for (let end = bytes.indexOf(lineEnd); end >= 0; end = bytes.indexOf(lineEnd, start)) {
      const record = this.#skipsRecord ? undefined : this.#parse(bytes, start, end);
      this.#skipsRecord = false;
      start = end + 1;
      const line = record && this.#joiner.push(record);
      const position = { file, offset: startOffset + start };
      if (line !== undefined && comparePositions(position, this.#after) > 0) lines.push(line);
    }
    this.#rest = bytes.subarray(start);
    if (this.#rest.length > maxRecordBytes) {
      this.#rest = noBytes;
      this.#skipsRecord = true;
    }
    return lines;
  }
}

function removedError(): OutboardError {
  return new OutboardError(
    'unavailable',
    'the output was removed before it was read: the plugin writes faster than its log is read',
    { code: 'log-removed' },
  );
}
