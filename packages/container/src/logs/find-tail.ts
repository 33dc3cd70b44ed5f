/**
 * Finds where the last lines of a log begin, by reading it backwards.
 */
import { open } from 'node:fs/promises';
import { isErrno } from '../linux/errno.ts';
import { maxLineBytes } from './line-joiner.ts';
import { comparePositions, endOfLog, type LogFile, type LogPosition } from './log-files.ts';
import { type OutputStream, type RecordHeader, readHeader } from './log-record.ts';

/** Which lines are looked for. */
export interface TailQuery {
  /** How many that have ended; what was written since without a line end comes on top. */
  readonly lines: number;
  readonly streams: ReadonlySet<OutputStream>;
  /** Nothing before this is looked at. */
  readonly floor?: LogPosition | undefined;
  /** How far back to look, in bytes; default all. */
  readonly maxBytes?: number | undefined;
}

/** Where the last lines are. */
export interface Tail {
  /** Where to begin to read: not after the first piece of any of these lines. */
  readonly start: LogPosition;
  /** Lines that end up to here are not among them. */
  readonly after: LogPosition;
}

/** How much is read at once, in bytes. */
const blockBytes = 64 * 1024;

/** How far before the first line its beginning, or that of the other stream's line, is looked for. */
const maxBytesBefore = 2 * maxLineBytes;

const lineEnd = 0x0a;
const noBytes = Buffer.alloc(0);

/** Read a log backwards until enough lines are found. @param files of `listLogFiles()`, as long as their sizes say */
export async function findTail(files: readonly LogFile[], query: TailQuery): Promise<Tail> {
  const search = new TailSearch(query, endOfLog(files));
  const oldest = { file: files[0]?.number ?? 1, offset: 0 };
  const floor = query.floor !== undefined && comparePositions(query.floor, oldest) > 0 ? query.floor : oldest;
  search.start = floor;
  for (const file of files.toReversed()) {
    if (search.isDone || file.number < floor.file) break;
    if (!(await searchFile(file, file.number === floor.file ? floor.offset : 0, search))) {
      // Removed meanwhile: what is newer is all that is left.
      return { start: { file: file.number + 1, offset: 0 }, after: search.after };
    }
  }
  return { start: search.start, after: search.after };
}

/** @returns false when the file has gone */
async function searchFile(file: LogFile, floor: number, search: TailSearch): Promise<boolean> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(file.path, 'r');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
  try {
    // The end of a record whose beginning is in the block before.
    let rest = noBytes;
    for (let end = file.size; end > floor && !search.isDone; ) {
      const start = Math.max(floor, end - blockBytes);
      const block = Buffer.allocUnsafe(end - start);
      const { bytesRead } = await handle.read(block, 0, block.length, start);
      let bytes = Buffer.concat([block.subarray(0, bytesRead), rest]);
      // What is at the very end and has none is not written yet.
      if (end === file.size) bytes = bytes.subarray(0, bytes.lastIndexOf(lineEnd) + 1);
      const firstRecord = start === floor ? 0 : afterLineEnd(bytes);
      search.look(bytes.subarray(firstRecord), { file: file.number, offset: start + firstRecord });
      rest = bytes.subarray(0, firstRecord);
      // No record is as long: whatever this is, it is none.
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

/** Counts lines from the end. */
class TailSearch {
  readonly #query: TailQuery;
  #lines = 0;
  #bytes = 0;
  #bytesAtFirstLine = 0;
  /** Streams of which a line ended before the first one: no line that is wanted has a piece before that. */
  readonly #closed = new Set<OutputStream>();
  after: LogPosition;
  start: LogPosition = { file: 1, offset: 0 };
  isDone = false;

  constructor(query: TailQuery, end: LogPosition) {
    this.#query = query;
    this.after = end;
  }

  /** Look at whole records, which come before those of the last call. @param at where they begin */
  look(records: Buffer, at: LogPosition): void {
    let end = records.length;
    while (end > 0 && !this.isDone) {
      const start = end < 2 ? 0 : records.lastIndexOf(lineEnd, end - 2) + 1;
      this.#bytes += end - start;
      this.#lookAtRecord(readHeader(records, start, end), at, { start, end });
      end = start;
    }
  }

  #lookAtRecord(
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
