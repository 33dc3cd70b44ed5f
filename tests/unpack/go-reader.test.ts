/**
 * Archives as Docker's own reader sees them, Go's archive/tar: those that it takes are taken, and what both take has the same
 * entries, so that no archive is one thing to the engine that made it and another one here.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createTarReader, isOutboardError, type TarEntry } from '@outboard/oci';
import { seededRandom } from '../support/seeded-random.ts';
import { tarEntry } from '../support/tar.ts';

const source = fileURLToPath(new URL('./go-reader/list-archives.go', import.meta.url));
const skip = spawnSync('go', ['version']).status === 0 ? false : 'needs the Debian package golang-go';

interface Entry {
  readonly Type: string;
  readonly Name: string;
  readonly Link: string;
  readonly Mode: number;
  readonly Size: number;
  readonly Content: string;
}

interface Listing {
  readonly Error: string;
  readonly Entries: readonly Entry[];
}

let directory = '';
before(() => {
  if (skip !== false) return;
  directory = mkdtempSync(join(tmpdir(), 'outboard-go-'));
  const env = { ...process.env, GOCACHE: join(directory, 'cache'), GOFLAGS: '-mod=mod', CGO_ENABLED: '0' };
  execFileSync('go', ['build', '-o', join(directory, 'list'), source], { env, stdio: 'inherit' });
});
after(() => {
  if (directory !== '') rmSync(directory, { recursive: true, force: true });
});

function listByGo(archives: readonly Buffer[]): readonly Listing[] {
  const input = archives.flatMap((archive) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(archive.length);
    return [length, archive];
  });
  const output = execFileSync(join(directory, 'list'), {
    input: Buffer.concat(input),
    maxBuffer: 1 << 28,
  });
  return output
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const letters: Readonly<Record<TarEntry['type'], string>> = {
  file: '0',
  'hard-link': '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
};

function listHere(archive: Buffer): Listing {
  const entries: Entry[] = [];
  let hash = createHash('sha256');
  let current: TarEntry | undefined;
  const reader = createTarReader({
    onEntry(entry) {
      current = entry;
      hash = createHash('sha256');
    },
    onContent: (chunk) => void hash.update(chunk),
    onEntryEnd() {
      if (current === undefined) return;
      entries.push({
        Type: letters[current.type],
        Name: current.name.toString('hex'),
        Link: current.linkName.toString('hex'),
        Mode: current.mode,
        Size: current.size,
        Content: hash.digest('hex'),
      });
    },
  });
  try {
    reader.write(archive);
    reader.end();
    return { Error: '', Entries: entries };
  } catch (error) {
    if (!isOutboardError(error, 'invalid')) throw error;
    return { Error: error.message, Entries: entries };
  }
}

/** Docker passes over global headers, and reads old and contiguous files as files; links have their target's name only. */
function asUnpacked({ Entries }: Listing): readonly object[] {
  return Entries.filter(({ Type }) => Type !== 'g').map((entry) => {
    const Type = entry.Type === '7' || entry.Type === '\0' ? '0' : entry.Type;
    return { ...entry, Type, Link: Type === '1' || Type === '2' ? entry.Link : '' };
  });
}

/** Change bytes of the header of an entry, and sum it up again. */
function withHeader(block: Buffer, change: (header: Buffer) => void, start = 0): Buffer {
  const changed = Buffer.from(block);
  const header = changed.subarray(start, start + 512);
  change(header);
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return changed;
}

function withSize(block: Buffer, size: number): Buffer {
  return withHeader(block, (header) => void header.write(size.toString(8).padStart(11, '0'), 124, 'latin1'));
}

const end = Buffer.alloc(1024);
/** An extension header of its own, without its entry. */
const extension = (pax: Readonly<Record<string, string>>) => tarEntry({ name: 'x', pax }).subarray(0, 1024);
const file = tarEntry({ name: 'file', content: 'content' });
const next = tarEntry({ name: 'next', content: 'more' });

const taken: Readonly<Record<string, readonly Buffer[]>> = {
  'a hard link with a size': [
    file,
    withSize(tarEntry({ type: 'hard-link', name: 'l', linkName: 'file' }), 7),
    next,
  ],
  'a symlink with a size': [withSize(tarEntry({ type: 'symlink', name: 'l', linkName: 'file' }), 4096), next],
  'a directory with a size': [withSize(tarEntry({ type: 'directory', name: 'd/' }), 4096), next],
  'a fifo with a size': [withSize(tarEntry({ type: 'fifo', name: 'f' }), 1), next],
  'two pax headers in a row': [extension({ path: 'first' }), extension({ path: 'second' }), file, next],
  'two pax headers with different keywords': [extension({ path: 'first' }), extension({ mtime: '5' }), file],
  'a keyword twice': [
    Buffer.concat([extension({ path: 'aaaa' }).subarray(0, 512), paxTwice('path=aaaa', 'path=bbbb')]),
    file,
  ],
  'an empty value': [extension({ path: '' }), file],
  'a pax size': [extension({ size: '4' }), withSize(next, 0), file],
  'a hard link with a pax size': [
    extension({ size: '512' }),
    tarEntry({ type: 'hard-link', name: 'l', linkName: 'file' }),
    next,
  ],
  'an old file': [withHeader(file, (header) => header.writeUInt8(0, 156)), next],
  'an old directory': [withHeader(tarEntry({ name: 'd/' }), (header) => header.writeUInt8(0, 156)), next],
  'a contiguous file': [withHeader(file, (header) => void header.write('7', 156)), next],
};

/** The block of two records, with the size that the header of the first says. */
function paxTwice(...records: readonly string[]): Buffer {
  const text = records.map((record) => `${record.length + 4} ${record}\n`).join('');
  return Buffer.concat([Buffer.from(text), Buffer.alloc(512 - text.length)]);
}

describe("tar archives by Docker's reader", { skip }, () => {
  it('A28 A29 A30 takes what it takes, with the same entries', () => {
    const names = Object.keys(taken);
    const archives = names.map((name) => {
      const blocks = Buffer.concat([...(taken[name] ?? []), end]);
      // The header of the repeated keyword was made for one record.
      return name === 'a keyword twice' ? withSize(blocks, 2 * 13) : blocks;
    });
    const byGo = listByGo(archives);
    archives.forEach((archive, index) => {
      const here = listHere(archive);
      assert.deepEqual([here.Error, byGo[index]?.Error], ['', ''], names[index]);
      assert.deepEqual(asUnpacked(here), asUnpacked(byGo[index] as Listing), names[index]);
    });
  });

  it('A28 A29 A30 sees the same entries in whatever both take', () => {
    const random = seededRandom(20_261_130);
    const pick = (max: number) => Math.floor(random() * max);
    const parts = Object.values(taken);
    const archives = Array.from({ length: 4000 }, () => {
      const blocks = Buffer.concat([
        ...(parts[pick(parts.length)] ?? []),
        ...(parts[pick(parts.length)] ?? []),
        end,
      ]);
      const headers = Math.floor(blocks.length / 512) - 2;
      return withHeader(
        blocks,
        (header) => {
          for (let changes = 1 + pick(3); changes > 0; changes--)
            header[pick(512)] = pick(4) === 0 ? pick(256) : 0x30 + pick(8);
        },
        512 * pick(headers),
      );
    });
    const byGo = listByGo(archives);
    let both = 0;
    archives.forEach((archive, index) => {
      const there = byGo[index] as Listing;
      const here = listHere(archive);
      if (here.Error !== '' || there.Error !== '') return;
      // Go keeps a file with a trailing slash a file, and Docker then makes one without it; GNU tar and we make a directory.
      const isSlashed = there.Entries.some(({ Type, Name }) => Type === '0' && Name.endsWith('2f'));
      if (isSlashed) return;
      both += 1;
      assert.deepEqual(
        asUnpacked(here),
        asUnpacked(there),
        `archive ${index}: ${archive.toString('base64')}`,
      );
    });
    assert.ok(both > 300, `${both} archives are taken by both`);
  });
});
