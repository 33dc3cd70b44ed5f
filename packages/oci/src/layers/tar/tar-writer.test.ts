import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isOutboardError } from '../../errors/outboard-error.ts';
import { listArchive } from '../../testing/raw-archive.ts';
import type { TarEntry, TarEntryType } from './tar-entry.ts';
import { createTarReader } from './tar-reader.ts';
import { createTarWriter } from './tar-writer.ts';

const empty = Buffer.alloc(0);

function entryOf(fields: Partial<TarEntry>): TarEntry {
  return {
    type: 'file',
    name: Buffer.from('file'),
    linkName: empty,
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: 0,
    modifiedAt: 0,
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: new Map(),
    ...fields,
  };
}

function write(...entries: readonly (readonly [TarEntry, Buffer])[]): Buffer {
  const chunks: Buffer[] = [];
  const writer = createTarWriter((chunk) => chunks.push(Buffer.from(chunk)));
  for (const [entry, content] of entries) {
    writer.onEntry(entry);
    if (content.length > 0) writer.onContent(content);
    writer.onEntryEnd();
  }
  writer.end();
  return Buffer.concat(chunks);
}

const types: readonly TarEntryType[] = [
  'file',
  'hard-link',
  'symlink',
  'character-device',
  'block-device',
  'directory',
  'fifo',
];
const nameBytes = fc.uint8Array({ minLength: 1, maxLength: 400 }).map((bytes) => {
  // No NUL, and no trailing slash, which marks a directory.
  const name = Buffer.from(bytes.map((byte) => (byte === 0 ? 1 : byte)));
  if (name[name.length - 1] === 0x2f) name[name.length - 1] = 0x61;
  return name;
});
const anyEntry = fc
  .record({
    type: fc.constantFrom(...types),
    name: nameBytes,
    linkName: nameBytes,
    mode: fc.integer({ min: 0, max: 0o7777 }),
    uid: fc.integer({ min: 0, max: 0xffff_fffe }),
    gid: fc.integer({ min: 0, max: 0xffff_fffe }),
    modifiedAt: fc.integer({ min: 0, max: 4 * 9_223_372_036 }).map((quarters) => quarters / 4),
    deviceMajor: fc.integer({ min: 0, max: 0xfff }),
    deviceMinor: fc.integer({ min: 0, max: 0xf_ffff }),
    xattrs: fc.dictionary(
      fc.constantFrom('user.a', 'security.capability', 'user.é'),
      fc.uint8Array({ maxLength: 50 }),
    ),
    content: fc.uint8Array({ maxLength: 1500 }),
  })
  .map(({ content, xattrs, ...fields }): readonly [TarEntry, Buffer] => {
    const isFile = fields.type === 'file';
    const isLink = fields.type === 'hard-link' || fields.type === 'symlink';
    const isDevice = fields.type === 'character-device' || fields.type === 'block-device';
    const isDirectory = fields.type === 'directory';
    const entry = entryOf({
      ...fields,
      name: isDirectory ? Buffer.concat([fields.name, Buffer.from('/')]) : fields.name,
      linkName: isLink ? fields.linkName : empty,
      size: isFile ? content.length : 0,
      deviceMajor: isDevice ? fields.deviceMajor : 0,
      deviceMinor: isDevice ? fields.deviceMinor : 0,
      xattrs: new Map(Object.entries(xattrs).map(([key, value]) => [key, Buffer.from(value)])),
    });
    return [entry, isFile ? Buffer.from(content) : empty];
  });

describe('createTarWriter()', () => {
  test('writes entries that the reader reads back unchanged', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 5 }), (entries) => {
        const expected = entries.map(([entry, content]) => ({ entry, content }));
        assert.deepEqual(listArchive(write(...entries)), expected);
      }),
      { numRuns: 500 },
    );
  });

  test('keeps a mode of 0, large owners, late times, sizes beyond 8 GiB and binary attributes', () => {
    const fields = {
      mode: 0,
      uid: 4_000_000_000,
      gid: 2_097_152,
      modifiedAt: 9_000_000_000.5,
      xattrs: new Map([['security.capability', Buffer.from('0100000280000000ff', 'hex')]]),
    };
    assert.deepEqual(listArchive(write([entryOf(fields), empty]))[0]?.entry, entryOf(fields));
    const huge = entryOf({ size: 2 ** 40 });
    let seen: TarEntry | undefined;
    const reader = createTarReader({
      onEntry(entry) {
        seen = entry;
      },
      onContent() {},
      onEntryEnd() {},
    });
    createTarWriter((chunk) => reader.write(chunk)).onEntry(huge);
    assert.deepEqual(seen, huge);
  });

  test('refuses content of another size than its entry has, and attributes that PAX cannot name', () => {
    const isInvalid = (error: unknown) => isOutboardError(error, 'invalid');
    const open = () => {
      const writer = createTarWriter(() => {});
      writer.onEntry(entryOf({ size: 2 }));
      return writer;
    };
    assert.throws(() => open().onContent(Buffer.alloc(3)), isInvalid);
    assert.throws(() => open().onEntryEnd(), isInvalid);
    assert.throws(() => open().end(), isInvalid);
    const attribute = entryOf({ xattrs: new Map([['user.a=b', empty]]) });
    assert.throws(() => createTarWriter(() => {}).onEntry(attribute), isInvalid);
  });

  test('writes archives that GNU tar extracts', (context) => {
    const directory = mkdtempSync(join(tmpdir(), 'outboard-tar-writer-'));
    context.after(() => rmSync(directory, { recursive: true }));
    const long = `${'d'.repeat(120)}/${'f'.repeat(120)}`;
    const content = Buffer.alloc(700, 'x');
    const archive = write(
      [entryOf({ type: 'directory', name: Buffer.from('dir'), mode: 0o750, modifiedAt: 5 }), empty],
      [entryOf({ name: Buffer.from(long), size: content.length, mode: 0o4711, modifiedAt: 1.5 }), content],
      [
        entryOf({ type: 'symlink', name: Buffer.from('dir/link'), linkName: Buffer.from(`../${long}`) }),
        empty,
      ],
      [entryOf({ type: 'hard-link', name: Buffer.from('dir/hard'), linkName: Buffer.from(long) }), empty],
      [entryOf({ name: Buffer.from('before-1970'), modifiedAt: -86_400.5 }), empty],
    );
    writeFileSync(join(directory, 'a.tar'), archive);
    const output = execFileSync('tar', ['-xpf', 'a.tar'], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    assert.equal(output.toString(), '');
    assert.equal(statSync(join(directory, 'dir')).mode & 0o7777, 0o750);
    const file = statSync(join(directory, long));
    assert.deepEqual([file.mode & 0o7777, file.mtimeMs, file.nlink], [0o4711, 1500, 2]);
    assert.equal(statSync(join(directory, 'before-1970')).mtimeMs, -86_400_500);
    assert.deepEqual(readFileSync(join(directory, 'dir/hard')), content);
    assert.equal(readlinkSync(join(directory, 'dir/link')), `../${long}`);
  });
});
