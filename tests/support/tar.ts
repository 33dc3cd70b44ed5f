/**
 * Tar archives built by hand, for entries that tar programs do not write.
 */

const typeFlags = {
  file: '0',
  'hard-link': '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
} as const;

/** One entry. Absent fields are 0 or empty; the mode is 0644, or 0755 for directories. */
export interface TarEntryFields {
  readonly type?: keyof typeof typeFlags;
  /** Any bytes but NUL; longer than 100 bytes is written as a PAX record. */
  readonly name: string | Buffer;
  readonly content?: string | Buffer;
  readonly linkName?: string | Buffer;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Seconds since the epoch. */
  readonly mtime?: number;
  readonly major?: number;
  readonly minor?: number;
  /** Further PAX records, such as `SCHILY.xattr.user.name`. */
  readonly pax?: Readonly<Record<string, string | Buffer>>;
}

/** An archive with its end marker. */
export function tarArchive(entries: readonly TarEntryFields[]): Buffer {
  return Buffer.concat([...entries.map(tarEntry), Buffer.alloc(1024)]);
}

/** The blocks of one entry, PAX header included. */
export function tarEntry(fields: TarEntryFields): Buffer {
  const content = Buffer.from(fields.content ?? '');
  const records = paxRecords(fields);
  const extension =
    records.length === 0 ? [] : [header({ name: 'pax', flag: 'x', size: records.length }), pad(records)];
  const block = header({ ...fields, flag: typeFlags[fields.type ?? 'file'], size: content.length });
  return Buffer.concat([...extension, block, pad(content)]);
}

function paxRecords({ name, linkName = '', pax = {} }: TarEntryFields): Buffer {
  const records = Object.entries(pax);
  if (Buffer.byteLength(name) > 100) records.push(['path', name]);
  if (Buffer.byteLength(linkName) > 100) records.push(['linkpath', linkName]);
  return Buffer.concat(records.map(([keyword, value]) => paxRecord(keyword, Buffer.from(value))));
}

function paxRecord(keyword: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${keyword}=`), value, Buffer.from('\n')]);
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function header(fields: Omit<TarEntryFields, 'type' | 'content'> & { flag: string; size: number }): Buffer {
  const block = Buffer.alloc(512);
  const isDirectory = fields.flag === typeFlags.directory;
  const octal = (value: number, at: number, length: number) =>
    block.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1');
  Buffer.from(fields.name).copy(block, 0, 0, 100);
  octal(fields.mode ?? (isDirectory ? 0o755 : 0o644), 100, 8);
  octal(fields.uid ?? 0, 108, 8);
  octal(fields.gid ?? 0, 116, 8);
  octal(fields.size, 124, 12);
  octal(fields.mtime ?? 0, 136, 12);
  block.write(fields.flag, 156, 'latin1');
  Buffer.from(fields.linkName ?? '').copy(block, 157, 0, 100);
  block.write('ustar\x0000', 257, 'latin1');
  octal(fields.major ?? 0, 329, 8);
  octal(fields.minor ?? 0, 337, 8);
  block.fill(' ', 148, 156);
  block.write(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
    'latin1',
  );
  return block;
}

function pad(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc(-content.length & 511)]);
}
