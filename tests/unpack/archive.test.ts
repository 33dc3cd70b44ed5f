/**
 * The archive of an unpacked tree: what layers made, as one tar with the same bytes each time.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTarReader, type TarEntry } from '@outboard/oci';
import { needsRoot } from '../support/needs-root.ts';
import type { TarEntryFields } from '../support/tar.ts';
import { type Layer, makeUnpackRoot, streamLayer, type UnpackRoot } from '../support/unpack-root.ts';

const time = 1_600_000_000;

/** A tree with entries of all types, made by two layers. */
const layers: readonly Layer[] = [
  [
    { type: 'directory', name: 'usr', mode: 0o755, mtime: time },
    { name: 'usr/z', content: 'z', mode: 0o4755, uid: 7, gid: 8, mtime: time },
    { type: 'hard-link', name: 'usr/a', linkName: 'usr/z' },
    { type: 'symlink', name: 'usr/l', linkName: '../../etc/shadow' },
    { type: 'fifo', name: 'usr/pipe' },
    { type: 'character-device', name: 'usr/null', major: 1, minor: 3 },
    { name: 'usr/gone', content: 'lower' },
    { name: `usr/${'n'.repeat(120)}`, content: 'long' },
  ],
  [
    { name: 'usr/.wh.gone', content: '' },
    { name: 'usr/b', content: 'x'.repeat(600 * 1024) },
  ],
];

async function archive(place: UnpackRoot, given: readonly Layer[]): Promise<Buffer> {
  await using jail = place.open();
  for (const layer of given) await jail.apply(streamLayer(layer));
  const pieces: Buffer[] = [];
  for await (const piece of jail.archive()) pieces.push(Buffer.from(piece));
  await jail.finish();
  return Buffer.concat(pieces);
}

function entriesOf(tar: Buffer): readonly TarEntry[] {
  const entries: TarEntry[] = [];
  const reader = createTarReader({
    onEntry: (entry) => void entries.push({ ...entry }),
    onContent: () => undefined,
    onEntryEnd: () => undefined,
  });
  reader.write(tar);
  reader.end();
  return entries;
}

const shown = ({ type, name, linkName, mode, uid, gid, size, modifiedAt }: TarEntry) =>
  `${type} ${name} ${linkName} ${mode.toString(8)} ${uid}:${gid} ${size} ${modifiedAt}`;

test('an archive has the entries of the tree, with sorted names and without whiteouts', {
  skip: needsRoot,
}, async () => {
  using place = makeUnpackRoot();
  const entries = entriesOf(await archive(place, layers));
  assert.deepEqual(entries.filter(({ name }) => !name.toString().startsWith('usr/n')).map(shown), [
    // The second layer changed it, and has no entry for it.
    'directory ./  755 0:0 0 0',
    'directory usr/  755 0:0 0 0',
    `file usr/a  4755 7:8 1 ${time}`,
    'file usr/b  644 0:0 614400 0',
    'symlink usr/l ../../etc/shadow 777 0:0 0 0',
    'fifo usr/pipe  644 0:0 0 0',
    `hard-link usr/z usr/a 4755 7:8 0 ${time}`,
  ]);
  const device = entries.find(({ name }) => name.equals(Buffer.from('usr/null')));
  assert.deepEqual([device?.type, device?.deviceMajor, device?.deviceMinor], ['character-device', 1, 3]);
});

test('an archive of the same layers has the same bytes, and unpacks to the same tree', {
  skip: needsRoot,
}, async () => {
  using first = makeUnpackRoot();
  using second = makeUnpackRoot();
  using third = makeUnpackRoot();
  const [one, two] = [await archive(first, layers), await archive(second, layers)];
  assert.ok(one.equals(two));
  assert.ok(one.equals(await archive(third, [one])));
  assert.deepEqual(third.tree(), first.tree());
});

test('A27 an archive holds the attributes that unpacking keeps', { skip: needsRoot }, async () => {
  using place = makeUnpackRoot();
  const pax = {
    'SCHILY.xattr.security.capability': Buffer.from('0100000200200000000000000000000000000000', 'hex'),
  };
  const file: TarEntryFields = { name: 'f', content: 'x', pax };
  const [, entry] = entriesOf(await archive(place, [[file]]));
  assert.deepEqual(entry?.xattrs.get('security.capability'), pax['SCHILY.xattr.security.capability']);
});

test('a reader that stops ends the jail', { skip: needsRoot }, async () => {
  using place = makeUnpackRoot();
  await using jail = place.open();
  await jail.apply(streamLayer(layers[1] ?? []));
  for await (const _piece of jail.archive()) break;
  await assert.rejects(jail.finish(), { message: /not read to its end/ });
});

test('an archive that is cancelled ends with the reason', { skip: needsRoot }, async () => {
  using place = makeUnpackRoot();
  await using jail = place.open();
  await jail.apply(streamLayer(layers[1] ?? []));
  const controller = new AbortController();
  const reason = new Error('cancelled');
  const read = async () => {
    for await (const _piece of jail.archive({ signal: controller.signal })) controller.abort(reason);
  };
  await assert.rejects(read(), reason);
});
