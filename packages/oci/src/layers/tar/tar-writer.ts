/**
 * Writes tar archives, synchronously like the reader. Every field that the reader returns is written byte for byte, in PAX
 * records where a ustar header cannot hold it. The output is reproducible: it has no time of writing and no user names.
 *
 * No library is used: the candidate turns mode 0 into 0644, truncates owners above 2,097,151 and times after 2038, and
 * cannot write names or attributes that are not UTF-8.
 *
 * @see POSIX.1-2017 pax, "ustar Interchange Format" and "pax Extended Header"
 */
import { isUtf8 } from 'node:buffer';
import { OutboardError } from '../../errors/outboard-error.ts';
import { blockBytes } from './header-block.ts';
import { quoteBytes } from './numeric-field.ts';
import type { TarEntry, TarEntryType, TarHandler } from './tar-entry.ts';

/** Writes the entries that it receives; it can be the handler of a reader. */
export interface TarWriter extends TarHandler {
  /** Write a header. @throws {OutboardError} invalid for an attribute that PAX cannot name */
  onEntry(entry: TarEntry): void;
  /** Write content. @throws {OutboardError} invalid when it exceeds the entry's size */
  onContent(chunk: Buffer): void;
  /** Write the padding. @throws {OutboardError} invalid when the content was shorter than the entry's size */
  onEntryEnd(): void;
  /** Write the end marker; nothing may follow. */
  end(): void;
}

const typeflags: Readonly<Record<TarEntryType, string>> = {
  file: '0',
  'hard-link': '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
};

const nameBytes = 100;
const maxOctal8 = 0o7777777;
const maxOctal12 = 0o77777777777;
const slash = Buffer.from('/');
const zeros = Buffer.alloc(2 * blockBytes);
const newline = Buffer.from('\n');

/**
 * Start writing an archive.
 *
 * The caller provides back-pressure: `output` is called during the calls of the handler, so a generator that yields the
 * output after each chunk of input never holds more than one chunk:
 *
 *     const out: Buffer[] = [];
 *     const writer = createTarWriter((chunk) => out.push(chunk));
 *     const reader = createTarReader(writer);
 *     for await (const chunk of source) {
 *       reader.write(chunk);
 *       yield* out.splice(0);
 *     }
 *
 * @param output receives the archive's bytes; content is not copied, and valid only during the call
 */
export function createTarWriter(output: (chunk: Buffer) => void): TarWriter {
  let current: TarEntry | undefined;
  let remaining = 0;
  return {
    onEntry(entry) {
      for (const block of encodeEntry(entry)) output(block);
      current = entry;
      remaining = entry.size;
    },
    onContent(chunk) {
      remaining -= chunk.length;
      if (remaining < 0) throw wrongSize(current);
      output(chunk);
    },
    onEntryEnd() {
      if (remaining !== 0 || current === undefined) throw wrongSize(current);
      const padding = paddingOf(current.size);
      if (padding > 0) output(zeros.subarray(0, padding));
      current = undefined;
    },
    end() {
      if (current !== undefined) throw wrongSize(current);
      output(zeros);
    },
  };
}

/**
 * The header of an entry, with a PAX header before it if it needs one.
 * @throws {OutboardError} invalid for an attribute that PAX cannot name
 */
function encodeEntry(entry: TarEntry): Buffer[] {
  // Readers older than the type flag recognize directories by the slash, and GNU tar writes one too.
  const needsSlash = entry.type === 'directory' && entry.name[entry.name.length - 1] !== slash[0];
  const name = needsSlash ? Buffer.concat([entry.name, slash]) : entry.name;
  const records = paxRecords(entry, name);
  const header = encodeHeader(entry, name, entry.size, typeflags[entry.type]);
  if (records.length === 0) return [header];
  const body = Buffer.concat(records);
  const extension = encodeHeader(paxHeader, paxHeader.name, body.length, 'x');
  return [extension, body, zeros.subarray(0, paddingOf(body.length)), header];
}

const empty = Buffer.alloc(0);
const paxHeader: TarEntry = {
  type: 'file',
  name: Buffer.from('PaxHeader'),
  linkName: empty,
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  modifiedAt: 0,
  deviceMajor: 0,
  deviceMinor: 0,
  xattrs: new Map(),
};

/** Records for values that a ustar header cannot hold, or that readers interpret differently. */
function paxRecords(entry: TarEntry, name: Buffer): Buffer[] {
  const records: Buffer[] = [];
  const isLongName = name.length > nameBytes;
  const isLongLink = entry.linkName.length > nameBytes;
  if ((isLongName && !isUtf8(name)) || (isLongLink && !isUtf8(entry.linkName))) {
    records.push(paxRecord('hdrcharset', Buffer.from('BINARY')));
  }
  if (isLongName) records.push(paxRecord('path', name));
  if (isLongLink) records.push(paxRecord('linkpath', entry.linkName));
  if (entry.uid > maxOctal8) records.push(paxRecord('uid', Buffer.from(String(entry.uid))));
  if (entry.gid > maxOctal8) records.push(paxRecord('gid', Buffer.from(String(entry.gid))));
  if (entry.size > maxOctal12) records.push(paxRecord('size', Buffer.from(String(entry.size))));
  if (!Number.isInteger(entry.modifiedAt) || entry.modifiedAt < 0 || entry.modifiedAt > maxOctal12) {
    records.push(paxRecord('mtime', Buffer.from(decimal(entry.modifiedAt))));
  }
  for (const [key, value] of entry.xattrs) {
    if (key.includes('=')) {
      throw new OutboardError(
        'invalid',
        `cannot write extended attribute ${JSON.stringify(key)} of ${quoteBytes(entry.name)}: its name holds a "="`,
      );
    }
    records.push(paxRecord(`SCHILY.xattr.${key}`, value));
  }
  return records;
}

/** `<length> <keyword>=<value>\n`, where the length counts its own digits. */
function paxRecord(keyword: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${keyword}=`), value, newline]);
  let length = rest.length + String(rest.length).length;
  if (String(length).length !== String(rest.length).length) length = rest.length + String(length).length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** Seconds with a fraction of up to nine digits, and never an exponent. */
function decimal(seconds: number): string {
  return seconds.toFixed(9).replace(/\.?0+$/, '');
}

function encodeHeader(entry: TarEntry, name: Buffer, size: number, typeflag: string): Buffer {
  const block = Buffer.alloc(blockBytes);
  name.copy(block, 0, 0, nameBytes);
  writeOctal(block, 100, 8, entry.mode);
  writeOctal(block, 108, 8, entry.uid);
  writeOctal(block, 116, 8, entry.gid);
  writeOctal(block, 124, 12, size);
  writeOctal(block, 136, 12, Math.floor(entry.modifiedAt));
  block.write(typeflag, 156, 'latin1');
  entry.linkName.copy(block, 157, 0, nameBytes);
  block.write('ustar\x0000', 257, 'latin1');
  writeOctal(block, 329, 8, entry.deviceMajor);
  writeOctal(block, 337, 8, entry.deviceMinor);
  block.fill(0x20, 148, 156);
  let sum = 0;
  for (const byte of block) sum += byte;
  writeOctal(block, 148, 7, sum);
  return block;
}

/** Write octal digits and a NUL. A value that does not fit becomes 0; a PAX record holds it. */
function writeOctal(block: Buffer, start: number, length: number, value: number): void {
  const digits = value.toString(8);
  const fits = value >= 0 && digits.length < length;
  block.write(`${(fits ? digits : '').padStart(length - 1, '0')}\0`, start, 'latin1');
}

function paddingOf(size: number): number {
  return -size & (blockBytes - 1);
}

function wrongSize(entry: TarEntry | undefined): OutboardError {
  const what = entry === undefined ? 'no entry' : `${quoteBytes(entry.name)} of ${entry.size} bytes`;
  return new OutboardError('invalid', `tar content does not match its entry: ${what} is open`);
}
