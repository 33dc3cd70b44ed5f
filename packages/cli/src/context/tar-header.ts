/**
 * Headers of tar archives, in the ustar format with pax records where ustar is too small. Pure functions.
 * Ours because archives of plugins need every mode, owner and time kept: common writers turn mode 0 into 0644, cap user
 * IDs at 262143 and times at 2038.
 * @see POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header"
 */

export const blockBytes = 512;

/** One entry, as it is to be in the archive. */
export interface TarEntry {
  /** Relative, with slashes; a folder's without its trailing one. */
  readonly path: string;
  readonly type: 'file' | 'link' | 'symlink' | 'character-device' | 'block-device' | 'directory' | 'fifo';
  /** Permission bits with set-user-ID, set-group-ID and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Content, 0 for all but files. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly modifiedAtSeconds: number;
  /** Of links: the path in the archive. Of symbolic links: the target as it is. */
  readonly target?: string;
  readonly deviceMajor?: number;
  readonly deviceMinor?: number;
}

const typeFlags: Readonly<Record<TarEntry['type'], string>> = {
  file: '0',
  link: '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
};

/** Offset and length of the fields. */
const fields = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  typeFlag: [156, 1],
  linkName: [157, 100],
  magic: [257, 8],
  deviceMajor: [329, 8],
  deviceMinor: [337, 8],
} as const;

/** @returns one or more blocks of 512 bytes: the entry's header, after a pax header where one is needed */
export function encodeTarHeader(entry: TarEntry): Buffer {
  const path = entry.type === 'directory' ? `${entry.path}/` : entry.path;
  const records = paxRecords(entry, path);
  const header = encodeBlock({ ...entry, path }, typeFlags[entry.type]);
  if (records === '') return header;
  const body = Buffer.alloc(roundUp(Buffer.byteLength(records)));
  body.write(records, 'utf8');
  const paxHeader = encodeBlock(
    {
      ...{ path: 'PaxHeaders/entry', type: 'file', mode: 0o600, uid: 0, gid: 0 },
      ...{ size: Buffer.byteLength(records), modifiedAtSeconds: 0 },
    },
    'x',
  );
  return Buffer.concat([paxHeader, body, header]);
}

/** Two empty blocks. */
export function encodeTarEnd(): Buffer {
  return Buffer.alloc(2 * blockBytes);
}

/** Bytes to the next block boundary, itself included. */
export function roundUp(bytes: number): number {
  return Math.ceil(bytes / blockBytes) * blockBytes;
}

function encodeBlock(entry: TarEntry, typeFlag: string): Buffer {
  const block = Buffer.alloc(blockBytes);
  // What does not fit is cut: a pax record says it in full.
  writeText(block, fields.name, entry.path);
  writeOctal(block, fields.mode, entry.mode & 0o7777);
  writeOctal(block, fields.uid, entry.uid);
  writeOctal(block, fields.gid, entry.gid);
  writeOctal(block, fields.size, entry.size);
  writeOctal(block, fields.mtime, entry.modifiedAtSeconds);
  writeText(block, fields.typeFlag, typeFlag);
  writeText(block, fields.linkName, entry.target ?? '');
  block.write('ustar\u000000', fields.magic[0], 'latin1');
  writeOctal(block, fields.deviceMajor, entry.deviceMajor ?? 0);
  writeOctal(block, fields.deviceMinor, entry.deviceMinor ?? 0);
  block.fill(' ', fields.checksum[0], fields.checksum[0] + fields.checksum[1]);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, fields.checksum[0], 'latin1');
  return block;
}

/** A record for each value that its field cannot hold. */
function paxRecords(entry: TarEntry, path: string): string {
  const records: string[] = [];
  if (!fitsText(path, fields.name)) records.push(encodeRecord('path', path));
  if (entry.target !== undefined && !fitsText(entry.target, fields.linkName)) {
    records.push(encodeRecord('linkpath', entry.target));
  }
  if (!fitsOctal(entry.uid, fields.uid)) records.push(encodeRecord('uid', String(entry.uid)));
  if (!fitsOctal(entry.gid, fields.gid)) records.push(encodeRecord('gid', String(entry.gid)));
  if (!fitsOctal(entry.size, fields.size)) records.push(encodeRecord('size', String(entry.size)));
  if (!fitsOctal(entry.modifiedAtSeconds, fields.mtime)) {
    records.push(encodeRecord('mtime', String(entry.modifiedAtSeconds)));
  }
  return records.join('');
}

/** `<length> <key>=<value>\n`, where the length counts its own digits. */
function encodeRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const restBytes = Buffer.byteLength(rest);
  let length = restBytes + String(restBytes).length;
  // One more digit may make the length one digit longer.
  length = restBytes + String(length).length;
  return `${length}${rest}`;
}

type Field = readonly [offset: number, bytes: number];

/** Readers differ in how they take bytes above 127, so only ASCII goes without a record. */
function fitsText(text: string, [, bytes]: Field): boolean {
  return text.length <= bytes && Buffer.byteLength(text) === text.length;
}

function fitsOctal(value: number, [, bytes]: Field): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value < 8 ** (bytes - 1);
}

function writeText(block: Buffer, [offset, bytes]: Field, text: string): void {
  block.write(text, offset, bytes, 'utf8');
}

/** A value that does not fit becomes 0: a pax record says it. */
function writeOctal(block: Buffer, field: Field, value: number): void {
  const [offset, bytes] = field;
  const shown = fitsOctal(value, field) ? value : 0;
  block.write(`${shown.toString(8).padStart(bytes - 1, '0')}\0`, offset, 'latin1');
}
