/**
 * Random layers for the fuzzing of the unpack jail: entries that are all valid, entries that fight each other or try to leave the root,
 * and archives with damaged bytes, as they are or compressed. The same random numbers give the same layer.
 */
import { gzipSync } from 'node:zlib';
import { type TarEntryFields, tarArchive, tarEntry } from '../support/tar.ts';

/** A source of numbers from 0 to below 1. */
export type Random = () => number;

const types = [
  'file',
  'file',
  'file',
  'directory',
  'directory',
  'symlink',
  'symlink',
  'hard-link',
  'fifo',
  'character-device',
] as const;

/** Few names, so that entries meet: in one layer, over layers, as parents, links and targets. */
const directoryNames = ['a', 'b', 'c'];
const leafNames = ['f', 'g', 'h', 'l', 'm'];
const oddNames = [
  '..',
  '.',
  '',
  'é'.repeat(40),
  'n'.repeat(255),
  'n'.repeat(256),
  'line\nbreak',
  '\\',
  '.wh.a',
  '.wh.b',
  '.wh.',
  '.wh...',
  '.wh..wh..opq',
  '.wh..wh.plnk',
  '.wh..wh.aufs',
];
const keywords = [
  'path',
  'linkpath',
  'size',
  'mtime',
  'uid',
  'comment',
  'GNU.sparse.major',
  'SCHILY.xattr.user.a',
  'SCHILY.xattr.security.capability',
  'SCHILY.xattr.trusted.overlay.opaque',
];
const values = ['', 'a', '../a', '/a/b', '0', '-1', '1e9', '99999999999999999999', '1.5', 'x'.repeat(5000)];

/** A layer for a jail: bytes of a tar archive, maybe compressed, maybe damaged. @param victim a path that no entry may reach */
export function randomLayer(random: Random, victim: string): Buffer {
  const isHostile = random() < 0.35;
  const count = 1 + Math.floor(random() * (random() < 0.05 ? 400 : 12));
  const files: string[] = [];
  const entries = Array.from({ length: count }, () => {
    const entry = ordinaryEntry(random, files);
    return isHostile && random() < 0.2 ? hostileEntry(random, entry, victim) : entry;
  });
  const archive = random() < 0.1 ? Buffer.concat(entries.map(tarEntry)) : tarArchive(entries);
  const damaged = isHostile && random() < 0.3 ? damage(random, archive) : archive;
  return compress(random, damaged, isHostile);
}

/** An entry that fits those before. @param files names of the files so far, to which this one is added */
function ordinaryEntry(random: Random, files: string[]): TarEntryFields {
  const type = files.length === 0 ? 'file' : pick(random, types);
  const parents = Array.from({ length: Math.floor(random() ** 3 * (random() < 0.01 ? 260 : 5)) }, () =>
    pick(random, directoryNames),
  );
  const leaf = pick(random, type === 'directory' ? directoryNames : leafNames);
  const name = [...parents, type === 'file' ? leaf : `${leaf}${type === 'directory' ? '' : '-'}`].join('/');
  const linkName = type === 'hard-link' ? pick(random, files) : `${pick(random, ['', '/', '../'])}${leaf}`;
  if (type === 'file') files.push(name);
  return {
    type,
    name,
    ...(type === 'file' && { content: 'x'.repeat(Math.floor(random() ** 4 * 20_000)) }),
    ...((type === 'symlink' || type === 'hard-link') && { linkName }),
    ...(random() < 0.3 && { mode: Math.floor(random() * 0o10000) }),
    ...(random() < 0.2 && { uid: Math.floor(random() * 2 ** 21), gid: 5 }),
    ...(type === 'character-device' && {
      major: Math.floor(random() * 9),
      minor: Math.floor(random() * 300),
    }),
  };
}

/** Change one thing of an entry to what a program that makes archives would not write. */
function hostileEntry(random: Random, entry: TarEntryFields, victim: string): TarEntryFields {
  const targets = [victim, `${victim}/f`, '/proc/self/fd/4', '../victim/f', '..', '/', 'l-', 'a', 'missing'];
  const choices = [
    () => ({ ...entry, type: pick(random, types), linkName: 'f' }),
    () => ({ ...entry, linkName: pick(random, targets) }),
    () => ({
      ...entry,
      type: 'symlink' as const,
      name: pick(random, directoryNames),
      linkName: pick(random, targets),
    }),
    () => ({ ...entry, name: `${pick(random, ['l-', 'a', 'a/b', '..', '.', '/'])}/${entry.name}` }),
    () => ({ ...entry, name: pick(random, [...oddNames, ...targets]) }),
    () => ({ ...entry, name: `${pick(random, directoryNames)}/${pick(random, oddNames)}` }),
    () => ({ ...entry, pax: { [pick(random, keywords)]: pick(random, values) } }),
  ];
  return pick(random, choices)();
}

/** Change, repeat or leave out bytes; the checksums of headers are mended in half of the cases, so that the code behind them is reached. */
function damage(random: Random, archive: Buffer): Buffer {
  const changed = Buffer.from(archive);
  const changes = 1 + Math.floor(random() * 5);
  for (let made = 0; made < changes; made += 1)
    changed[Math.floor(random() * changed.length)] = Math.floor(random() * 256);
  if (random() < 0.5) mendChecksums(changed);
  const choice = random();
  if (choice < 0.15) return changed.subarray(0, Math.floor(random() * changed.length));
  const at = Math.floor(random() * (changed.length / 512)) * 512;
  if (choice < 0.3) return Buffer.concat([changed.subarray(0, at), changed.subarray(at - (at && 512))]);
  return changed;
}

function mendChecksums(archive: Buffer): void {
  for (let at = 0; at + 512 <= archive.length; at += 512) {
    if (archive.toString('latin1', at + 257, at + 262) !== 'ustar') continue;
    archive.fill(' ', at + 148, at + 156);
    const sum = archive.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
    archive.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
  }
}

function compress(random: Random, archive: Buffer, isHostile: boolean): Buffer {
  const choice = random();
  if (choice < 0.6) return archive;
  const members = [archive.subarray(0, 700), archive.subarray(700)];
  const compressed = choice < 0.8 ? gzipSync(archive) : Buffer.concat(members.map((part) => gzipSync(part)));
  if (isHostile && random() < 0.1) return gzipSync(compressed);
  if (!isHostile || random() < 0.6) return compressed;
  const cut = compressed.subarray(0, Math.ceil(random() * compressed.length));
  const damaged = Buffer.from(cut);
  damaged[Math.floor(random() * damaged.length)] = Math.floor(random() * 256);
  return random() < 0.5 ? cut : damaged;
}

function pick<Item>(random: Random, items: readonly [Item, ...Item[]] | readonly Item[]): Item {
  return items[Math.floor(random() * items.length)] as Item;
}
