/**
 * Finds the beginning of the last lines of a log, by reading it backwards.
 */
import { open } from 'node:fs/promises';
import { isErrno } from '../linux/errno.ts';
import { maxLineBytes } from './line-joiner.ts';
import { comparePositions, endOfLog, type LogFile, type LogPosition } from './log-files.ts';
import { type OutputStream, type RecordHeader, readHeader } from './log-record.ts';

/** The wanted lines. */
export interface TailQuery {
  /** Number of complete lines; an unfinished line at the end is extra. */
  readonly lines: number;
  readonly streams: ReadonlySet<OutputStream>;
  /** Position before which nothing is read. */
  readonly floor?: LogPosition | undefined;
  /** Longest distance from the end, in bytes; default unlimited. */
  readonly maxBytes?: number | undefined;
}

/** Position of the last lines. */
export interface Tail {
  /** Position to read from: not after the first piece of any of these lines. */
  readonly start: LogPosition;
  /** Lines that end at or before this position are not wanted. */
  readonly after: LogPosition;
}

/** Size of one read, in bytes. */
const blockBytes = 64 * 1024;

/**
 * Longest distance before the first line that is searched for its beginning, or that of a line of the other stream.
 */
const maxBytesBefore = 2 * maxLineBytes;

const lineEnd = 0x0a;
const noBytes = Buffer.alloc(0);

/**
 * Read a log backwards until enough lines are found. @param files of `listLogFiles()`; not read beyond their sizes
 * there
 */
export async function findTail(files: readonly LogFile[], query: TailQuery): Promise<Tail> {
  const search = new TailSearch(query, endOfLog(files));
  const oldest = { file: files[0]?.number ?? 1, offset: 0 };
  const floor = query.floor !== undefined && comparePositions(query.floor, oldest) > 0 ? query.floor : oldest;
  search.start = floor;
  for (const file of files.toReversed()) {
    if (search.isDone || file.number < floor.file) break;
    if (!(await searchFile(file, file.number === floor.file ? floor.offset : 0, search))) {
      // Removed in the meantime: only newer files are left.
      return { start: { file: file.number + 1, offset: 0 }, after: search.after };
    }
  }
  return { start: search.start, after: search.after };
}

/** Search one file. @returns false when it was removed */
async function searchFile(file: LogFile, floor: number, search: TailSearch): Promise<boolean> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(file.path, 'r');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
  try {
    // End of a record that begins in the previous block.
    let rest = noBytes;
    for (let end = file.size; end > floor && !search.isDone; ) {
      const start = Math.max(floor, end - blockBytes);
      const block = Buffer.allocUnsafe(end - start);
      const { bytesRead } = await handle.read(block, 0, block.length, start);
      let bytes = Buffer.concat([block.subarray(0, bytesRead), rest]);
      // Bytes after the last line end are a record that is not complete yet.
      if (end === file.size) bytes = bytes.subarray(0, bytes.lastIndexOf(lineEnd) + 1);
      const firstRecord = start === floor ? 0 : afterLineEnd(bytes);
      search.examine(bytes.subarray(firstRecord), { file: file.number, offset: start + firstRecord });
      rest = bytes.subarray(0, firstRecord);
      // Longer than any record: damaged data, which is skipped.
      if (rest.length > maxLineBytes) rest = noBytes;
      end = start;
    }
    return true;
  } finally {
    await handle.close();
  }
}

function afterLineEnd(bytes: Buffer): number {
  const end = bytes.indexOf(lineEnd);
  return end < 0 ? bytes.length : end + 1;
}

/** Counts lines from the end of a log. */
class TailSearch {
  readonly #query: TailQuery;
  #lines = 0;
  #bytes = 0;
  #bytesAtFirstLine = 0;
  /** Streams with a line end before the first wanted line: no wanted line has a piece before that. */
  readonly #closed = new Set<OutputStream>();
  after: LogPosition;
  start: LogPosition = { file: 1, offset: 0 };
  isDone = false;

  constructor(query: TailQuery, end: LogPosition) {
    this.#query = query;
    this.after = end;
  }

  /** Search complete records, which precede those of the previous call. @param at position of the first one */
  examine(records: Buffer, at: LogPosition): void {
    let end = records.length;
    while (end > 0 && !this.isDone) {
      const start = end < 2 ? 0 : records.lastIndexOf(lineEnd, end - 2) + 1;
      this.#bytes += end - start;
      this.#examineRecord(readHeader(records, start, end), at, { start, end });
      end = start;
    }
  }

  #examineRecord(
    header: RecordHeader | undefined,
    { file, offset }: LogPosition,
    record: { readonly start: number; readonly end: number },
  ): void {
    const { lines, streams, maxBytes = Number.POSITIVE_INFINITY } = this.#query;
    if (this.#bytes > maxBytes) {
      this.#end({ file, offset: offset + record.end });
      return;
    }
    const start = { file, offset: offset + record.start };
    if (header?.endsLine === true && streams.has(header.stream)) {
      if (this.#lines < lines) {
        this.#lines += 1;
        this.#bytesAtFirstLine = this.#bytes;
        this.after = start;
      } else {
        this.#closed.add(header.stream);
      }
    }
    const hasAll = this.#lines >= lines && this.#closed.size === streams.size;
    const isFarBefore = this.#lines >= lines && this.#bytes - this.#bytesAtFirstLine > maxBytesBefore;
    if (hasAll || isFarBefore) this.#end(start);
  }

  #end(start: LogPosition): void {
    this.start = start;
    this.isDone = true;
  }
}
