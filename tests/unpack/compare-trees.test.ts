/**
 * Trees compared with what their layers make, both listed in jails.
 */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareTrees, type TreeDifference } from '@outboard/container';
import { needsRoot } from '../support/needs-root.ts';
import { type Layer, makeUnpackRoot, streamLayer } from '../support/unpack-root.ts';

const time = 1_600_000_000;

/** Entries of all types, and names that sort differently as paths and as names in a directory. */
const layers: readonly Layer[] = [
  [
    { type: 'directory', name: 'usr', mtime: time },
    { type: 'directory', name: 'usr/a', mtime: time },
    { name: 'usr/a/b', content: 'below a', mtime: time },
    { name: 'usr/a.c', content: 'beside a', mtime: time },
    { name: 'usr/program', content: 'program', mode: 0o755, mtime: time },
    { type: 'hard-link', name: 'usr/again', linkName: 'usr/program' },
    { type: 'symlink', name: 'usr/link', linkName: '../../etc/shadow' },
    { type: 'symlink', name: 'usr/link2', linkName: 'a' },
    { type: 'fifo', name: 'usr/pipe' },
    { type: 'character-device', name: 'usr/null', major: 1, minor: 3 },
    { name: 'usr/gone', content: 'lower' },
    { name: Buffer.from('usr/\xff', 'latin1'), content: 'no UTF-8', mtime: time },
  ],
  [
    { name: 'usr/.wh.gone', content: '' },
    { name: 'usr/conf', content: 'x'.repeat(600 * 1024), mtime: time },
  ],
];

/** Unpack the layers twice, change one tree, and compare. */
async function compareAfter(
  change: (path: (name: string) => string) => void,
  isUntouched = false,
): Promise<readonly TreeDifference[]> {
  using wanted = makeUnpackRoot();
  using found = makeUnpackRoot();
  for (const place of [wanted, found]) {
    await using jail = place.open();
    for (const layer of layers) await jail.apply(streamLayer(layer));
    await jail.finish();
  }
  change((name) => join(found.root, name));
  await using expected = wanted.open();
  await using actual = found.open();
  const options = { contents: 'digests' } as const;
  const differences: TreeDifference[] = [];
  const all = compareTrees(expected.archive(options), actual.archive(options), { isUntouched });
  for await (const difference of all) differences.push(difference);
  return differences;
}

const short = ({ kind, path, problem }: TreeDifference) => `${kind} ${path}: ${problem}`;

test('equal trees have no difference, and mount points of the runtime are none', {
  skip: needsRoot,
}, async () => {
  const differences = await compareAfter((path) => {
    mkdirSync(path('run/docker'), { recursive: true });
    writeFileSync(path('usr/resolv.conf'), '');
  });
  assert.deepEqual(differences, []);
});

test('damage is told by name: missing entries, other types, contents and targets', {
  skip: needsRoot,
}, async () => {
  const differences = await compareAfter((path) => {
    rmSync(path('usr/again'));
    writeFileSync(path('usr/program'), 'Program');
    rmSync(path('usr/null'));
    writeFileSync(path('usr/null'), 'x');
    writeFileSync(path('usr/a/b'), 'below b');
    utimesSync(path('usr/a/b'), time, time); // as a failing disk: the time is the old one
    writeFileSync(path('usr/conf'), ''); // as after a power cut
  });
  assert.deepEqual(differences.map(short), [
    'damaged usr/a/b: its content differs from its layer',
    'damaged usr/again: it is missing',
    'damaged usr/conf: it has 0 bytes, want 614400',
    'changed usr/null: it is a file, want a character device',
    'damaged usr/program: its content differs from its layer',
  ]);
});

test('what a plugin may do itself is told apart, unless it has never run', { skip: needsRoot }, async () => {
  const change = (path: (name: string) => string) => {
    writeFileSync(path('usr/a.c'), 'written');
    chmodSync(path('usr/conf'), 0o600);
    chownSync(path('usr/a/b'), 5, 6);
    rmSync(path('usr/link'));
    symlinkSync('elsewhere', path('usr/link'));
    writeFileSync(path('usr/state'), 'added');
  };
  assert.deepEqual((await compareAfter(change)).map(short), [
    'changed usr/a/b: its owner is 5:6, want 0:0',
    'changed usr/a.c: it has 7 bytes, want 8',
    'changed usr/conf: its mode is 0600, want 0644',
    'changed usr/link: it leads to "elsewhere", want "../../etc/shadow"',
    'added usr/state: it is in no layer',
  ]);
  const untouched = await compareAfter(change, true);
  assert.deepEqual(
    untouched.map(({ kind }) => kind),
    ['damaged', 'damaged', 'damaged', 'damaged', 'added'],
  );
});
