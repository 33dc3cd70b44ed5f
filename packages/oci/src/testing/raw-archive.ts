/**
 * Archives built byte by byte, for tests of malformed and hostile ones, and a function that lists them.
 */
import assert from 'node:assert/strict';
import { isOutboardError } from '../errors/outboard-error.ts';
import type { TarEntry } from '../layers/tar/tar-entry.ts';
import type { TarLimits } from '../layers/tar/tar-limits.ts';
import { createTarReader } from '../layers/tar/tar-reader.ts';

/** Fields of a header; a string is written unchanged (latin1), a number as octal digits and a NUL. */
export interface RawHeader {
  readonly name?: string | undefined;
  readonly mode?: string | number | undefined;
  readonly uid?: string | number | undefined;
  readonly gid?: string | number | undefined;
  readonly size?: string | number | undefined;
  readonly mtime?: string | number | undefined;
  readonly checksum?: string | number | undefined;
  readonly typeflag?: string | undefined;
  readonly linkName?: string | undefined;
  /** Magic and version: default `ustar\0` `00`. */
  readonly magic?: string | undefined;
  readonly deviceMajor?: string | number | undefined;
  readonly deviceMinor?: string | number | undefined;
  readonly prefix?: string | undefined;
  /** The last 12 bytes. */
  readonly trailer?: string | undefined;
}

/** One header block. Its checksum is valid unless one is given. */
export function rawHeader(fields: RawHeader = {}): Buffer {
  const block = Buffer.alloc(512);
  const write = (value: string | number, start: number, length: number): void => {
    const text = typeof value === 'string' ? value : `${value.toString(8).padStart(length - 1, '0')}\0`;
    block.write(text.slice(0, length), start, 'latin1');
  };
  write(fields.name ?? 'file', 0, 100);
  write(fields.mode ?? 0o644, 100, 8);
  write(fields.uid ?? 0, 108, 8);
  write(fields.gid ?? 0, 116, 8);
  write(fields.size ?? 0, 124, 12);
  write(fields.mtime ?? 0, 136, 12);
  write(fields.typeflag ?? '0', 156, 1);
  write(fields.linkName ?? '', 157, 100);
  write(fields.magic ?? 'ustar\x0000', 257, 8);
  write(fields.deviceMajor ?? '', 329, 8);
  write(fields.deviceMinor ?? '', 337, 8);
  write(fields.prefix ?? '', 345, 155);
  if (fields.trailer !== undefined) write(fields.trailer, 500, 12);
  block.fill(0x20, 148, 156);
  write(fields.checksum ?? block.reduce((sum, byte) => sum + byte, 0), 148, 8);
  return block;
}

/** Content with its padding. */
function padded(content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content as string); // both overloads copy; the cast picks one
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 511)]);
}

/** A header and its content. */
export function rawEntry(fields: RawHeader, content: string | Uint8Array = ''): Buffer {
  return Buffer.concat([rawHeader({ size: content.length, ...fields }), padded(content)]);
}

/** A PAX record with a correct length. */
export function rawRecord(keyword: string, value: string | Uint8Array): Buffer {
  const rest = Buffer.concat([
    Buffer.from(` ${keyword}=`),
    Buffer.from(value as string), // as in padded()
    Buffer.from('\n'),
  ]);
  for (let digits = 1; ; digits++) {
    const length = rest.length + digits;
    if (String(length).length === digits) return Buffer.concat([Buffer.from(String(length)), rest]);
  }
}

/** A PAX header of the given records, for the next entry or (`g`) all later ones. */
export function rawPax(
  records: Readonly<Record<string, string | Uint8Array>>,
  typeflag: 'x' | 'g' = 'x',
): Buffer {
  const body = Buffer.concat(Object.entries(records).map(([keyword, value]) => rawRecord(keyword, value)));
  return rawEntry({ name: 'PaxHeader', typeflag }, body);
}

/** A GNU long name (`L`) or link target (`K`). */
export function rawLong(typeflag: 'L' | 'K', text: string): Buffer {
  return rawEntry({ name: '././@LongLink', typeflag, magic: 'ustar  \0' }, `${text}\0`);
}

/** The end marker. */
export const endMarker = Buffer.alloc(1024);

/** An entry with all its content. */
export interface ListedEntry {
  readonly entry: TarEntry;
  readonly content: Buffer;
}

/** List an archive. @param chunkSizes lengths of the chunks to write, repeated; default: one chunk */
export function listArchive(
  archive: Buffer,
  chunkSizes: readonly number[] = [archive.length],
  limits: Partial<TarLimits> = {},
): ListedEntry[] {
  const listed: ListedEntry[] = [];
  let current: TarEntry | undefined;
  let content: Buffer[] = [];
  const reader = createTarReader(
    {
      onEntry(entry) {
        if (current !== undefined) throw new Error('an entry began inside another');
        current = entry;
        content = [];
      },
      onContent(chunk) {
        if (current === undefined || chunk.length === 0) throw new Error('content came out of place');
        content.push(Buffer.from(chunk));
      },
      onEntryEnd() {
        if (current === undefined) throw new Error('an entry ended that had not begun');
        listed.push({ entry: current, content: Buffer.concat(content) });
        current = undefined;
      },
    },
    limits,
  );
  for (let at = 0, turn = 0; at < archive.length; turn++) {
    const size = Math.max(1, chunkSizes[turn % chunkSizes.length] ?? 1);
    // A copy, wiped after the call: the reader must not keep views of it.
    const chunk = Buffer.from(archive.subarray(at, at + size));
    reader.write(chunk);
    chunk.fill(0xee);
    at += size;
  }
  reader.end();
  return listed;
}

/** Read an archive of one entry. @param parts the archive without its end marker */
export function readOnly(...parts: Buffer[]): TarEntry {
  const listed = listArchive(Buffer.concat([...parts, endMarker]));
  assert.equal(listed.length, 1);
  const [first] = listed;
  assert.ok(first);
  return first.entry;
}

/** Assert that an archive is refused with an error of kind `invalid` that is safe to show. */
export function assertRefused(archive: Buffer, message: RegExp): void {
  assert.throws(
    () => listArchive(archive),
    (error) => {
      assert.ok(isOutboardError(error, 'invalid'), String(error));
      assert.match(error.message, message);
      assert.ok(!error.message.includes('\n'), 'a message is one line');
      return true;
    },
  );
}
