/**
 * Reads a log forwards, from file to file, while conmon writes it.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { OutboardError } from '@outboard/oci';
import { isErrno } from '../linux/errno.ts';
import { LineJoiner, type LogLine } from './line-joiner.ts';
import { comparePositions, type LogFile, type LogPosition, listLogFiles } from './log-files.ts';
import { createRecordParser } from './log-record.ts';

/** Size of one read, in bytes. */
const chunkBytes = 256 * 1024;

/** Maximum length of a record of conmon; longer data is discarded up to the next line end. */
const maxRecordBytes = 1024 * 1024;

const lineEnd = 0x0a;
const noBytes = Buffer.alloc(0);

/** Result of one read. */
export interface ReadLines {
  readonly lines: readonly LogLine[];
  /** True at the current end of the log. */
  readonly isAtEnd: boolean;
}

/** Options of a `LogCursor`. */
export interface LogCursorOptions {
  readonly directory: string;
  readonly start: LogPosition;
  /** Position at which reading ends. */
  readonly end?: LogPosition | undefined;
  /** Lines that end at or before this position are left out; default `start`. */
  readonly after?: LogPosition | undefined;
}

/**
 * A read position in a log. Its file stays open until `release()`, so that the rest can be read after the file is
 * removed. Release it before a long pause, so that no removed file occupies the disk.
 */
export class LogCursor {
  readonly #directory: string;
  readonly #end: LogPosition | undefined;
  readonly #after: LogPosition;
  readonly #joiner = new LineJoiner();
  readonly #parse = createRecordParser();
  #position: LogPosition;
  /** Inode of the file at the position, after it was opened. */
  #inode: bigint | undefined;
  #file: FileHandle | undefined;
  /** Beginning of a record that is not complete yet. */
  #rest: Buffer = noBytes;
  #skipsRecord = false;

  constructor(options: LogCursorOptions) {
    this.#directory = options.directory;
    this.#position = options.start;
    this.#end = options.end;
    this.#after = options.after ?? options.start;
  }

  /** Position of the next read. */
  get position(): LogPosition {
    return this.#position;
  }

  /**
   * Read the next lines.
   * @param maxBytes maximum number of bytes of the log
   * @throws {OutboardError} unavailable, code `log-removed`, when the next bytes were removed before they were read
   */
  async read(maxBytes: number = chunkBytes): Promise<ReadLines> {
    const chunk = await this.#readChunk(maxBytes);
    return chunk === undefined
      ? { lines: [], isAtEnd: true }
      : { lines: this.#takeLines(chunk), isAtEnd: false };
  }

  /** The unfinished lines. */
  unfinishedLines(): readonly LogLine[] {
    return this.#joiner.flush();
  }

  /**
   * Skip output that was removed before it was read: continue at the beginning of the newest file, which stays
   * longest, or of the oldest when there is an end position.
   * @returns approximate number of skipped bytes, since the size of a removed file is unknown; undefined when there
   *   is no file to continue with
   */
  async skipRemoved(): Promise<number | undefined> {
    const { file, offset } = this.#position;
    const files = (await listLogFiles(this.#directory)).filter(
      // The number of the file that was read may have been given to another file.
      ({ number, inode }) => number > file || (number === file && inode !== this.#inode),
    );
    const next = this.#end === undefined ? files.at(-1) : files[0];
    if (next === undefined) return undefined;
    const fileBytes = Math.max(offset, ...files.map(({ size }) => size));
    await this.moveTo({ file: next.number, offset: 0 });
    return Math.max(1, next.number - file) * fileBytes - offset;
  }

  /** Continue at another position, which need not be the beginning of a record. */
  async moveTo(position: LogPosition): Promise<void> {
    await this.#leaveFile(position);
    this.#joiner.flush();
    this.#skipsRecord = position.offset > 0;
  }

  /** Close the open file; the next `read()` opens it again. */
  async release(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /** Read the next bytes; undefined at the current end. */
  async #readChunk(maxBytes: number): Promise<Buffer | undefined> {
    for (;;) {
      const { file: number } = this.#position;
      if (this.#end !== undefined && comparePositions(this.#position, this.#end) >= 0) return undefined;
      // Listed before the read: the file is complete only if its successor exists already.
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

  /** True when nothing was read at the position yet: its file may not exist yet. */
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
    // Replaced twice before it was linked: the number now belongs to another file.
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
    'the output was removed before it was read: the container writes faster than its log is read',
    { code: 'log-removed' },
  );
}
