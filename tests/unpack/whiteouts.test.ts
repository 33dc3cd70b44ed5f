/**
 * Whiteouts over several layers: they remove files of lower layers, never those of their own layer, and nothing
 * outside.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsRoot } from '../support/needs-root.ts';
import type { TarEntryFields } from '../support/tar.ts';
import { type Layer, makeUnpackRoot, type UnpackRoot } from '../support/unpack-root.ts';

interface Case {
  readonly title: string;
  readonly layers: (place: UnpackRoot) => readonly Layer[];
  /** The whole tree; or the error; undefined: only the checks of the victim count. */
  readonly outcome: Readonly<Record<string, string>> | RegExp | undefined;
  readonly warnings?: readonly string[];
}

const file = (name: string, content = 'lower'): TarEntryFields => ({ name, content });
const upper = (name: string): TarEntryFields => file(name, 'upper');
const directory = (name: string): TarEntryFields => ({ type: 'directory', name });
const symlink = (name: string, linkName: string): TarEntryFields => ({ type: 'symlink', name, linkName });
const hardLink = (name: string, linkName: string): TarEntryFields => ({ type: 'hard-link', name, linkName });
const opaque = (name = ''): TarEntryFields => file(`${name}.wh..wh..opq`, '');
const namesNothing = /whiteout ".*" names no entry to remove/;

const cases: readonly Case[] = [
  ...['.wh.', '.wh..', '.wh...', 'd/.wh.', 'd/.wh..', 'd/.wh...'].flatMap((name) => [
    { title: `A19 refuses ${name} in the first layer`, layers: () => [[file(name)]], outcome: namesNothing },
    {
      title: `A19 refuses ${name} above another layer`,
      layers: () => [[file('d/a')], [file(name)]],
      outcome: namesNothing,
    },
  ]),
  {
    title: 'removes a file, a link, an empty and a full directory',
    layers: () => [
      [file('f'), symlink('l', 'f'), directory('e'), file('d/a/b'), file('keep')],
      [file('.wh.f', ''), file('.wh.l', ''), file('.wh.e', ''), file('.wh.d', 'with content'), upper('new')],
    ],
    outcome: { keep: 'file lower', new: 'file upper' },
  },
  {
    title: 'removes files of a lower layer, any number of layers below',
    layers: () => [[file('a')], [upper('b')], [file('.wh.a', '')]],
    outcome: { b: 'file upper' },
  },
  {
    title: 'A20 does not follow a link to the host in a parent directory',
    layers: ({ victim }) => [
      [symlink('dir', victim)],
      [file('dir/.wh.f', ''), file('dir/d/.wh.second-name', ''), opaque('dir/')],
    ],
    outcome: undefined,
  },
  {
    title: 'A20 removes a link and not its target',
    layers: () => [[file('d/a'), symlink('l', 'd')], [file('.wh.l', '')]],
    outcome: { d: 'directory', 'd/a': 'file lower' },
  },
  {
    title: 'A20 removes below a linked directory inside the root',
    layers: () => [[file('d/a'), file('d/b'), symlink('l', '/d')], [file('l/.wh.a', '')]],
    outcome: { d: 'directory', 'd/b': 'file lower', l: 'link /d' },
  },
  ...[
    { title: 'before its entries', entries: [opaque('d/'), directory('d'), upper('d/c')] },
    { title: 'after its entries', entries: [directory('d'), upper('d/c'), opaque('d/')] },
  ].map(({ title, entries }) => ({
    title: `A21 an opaque whiteout ${title} clears the lower layers only`,
    layers: () => [[file('d/a'), file('d/sub/b'), file('e')], entries],
    outcome: { d: 'directory', 'd/c': 'file upper', e: 'file lower' },
  })),
  {
    title: 'A21 an opaque whiteout on the root',
    layers: () => [
      [file('a'), file('d/b')],
      [upper('d/c'), opaque(), upper('e')],
    ],
    outcome: { d: 'directory', 'd/c': 'file upper', e: 'file upper' },
  },
  {
    title: 'A21 an opaque whiteout keeps files that its layer wrote deep below a directory of the lower one',
    layers: () => [
      [file('d/sub/old'), file('d/other/old')],
      [upper('d/sub/new'), opaque('d/')],
    ],
    outcome: { d: 'directory', 'd/sub': 'directory', 'd/sub/new': 'file upper' },
  },
  {
    title: 'A21 an opaque whiteout through a link keeps files written through the real path, and vice versa',
    layers: () => [
      [file('d/a'), file('e/a'), symlink('l', 'd'), symlink('m', 'e')],
      [upper('d/new'), opaque('l/'), upper('m/new'), opaque('e/')],
    ],
    outcome: {
      d: 'directory',
      'd/new': 'file upper',
      e: 'directory',
      'e/new': 'file upper',
      l: 'link d',
      m: 'link e',
    },
  },
  {
    title: 'A21 an opaque whiteout below a file or an absent directory',
    layers: () => [[file('f')], [opaque('f/'), opaque('absent/')]],
    outcome: { f: 'file lower' },
  },
  {
    title: 'A21 an opaque whiteout in the first layer, where there is nothing below',
    layers: () => [[file('d/a'), opaque('d/')]],
    outcome: { d: 'directory', 'd/a': 'file lower' },
  },
  {
    title: 'A22 ignores metadata of AUFS',
    layers: () => [
      [file('.wh..wh.aufs', ''), directory('.wh..wh.plnk'), directory('.wh..wh.orph'), file('a')],
    ],
    outcome: { a: 'file lower' },
    warnings: ['ignored AUFS entry: ".wh..wh.aufs" and 2 more'],
  },
  {
    title: 'A22 drops files in the directories of AUFS, and keeps the hard links to them',
    layers: () => [
      [file('lower')],
      [
        directory('.wh..wh.plnk'),
        file('.wh..wh.plnk/12.34', 'linked'),
        file('.wh..wh.plnk/56.78', 'not linked'),
        symlink('.wh..wh.plnk/link', 'x'),
        file('./.wh..wh.orph/deep/x'),
        symlink('.wh..wh.other', '/lower'),
        hardLink('a', '.wh..wh.plnk/12.34'),
        hardLink('d/b', '/.wh..wh.plnk/12.34'),
        file('d/.wh..wh.plnk/kept'),
      ],
    ],
    outcome: {
      lower: 'file lower',
      a: 'file linked',
      d: 'directory',
      'd/b': 'file linked',
      'd/.wh..wh.plnk': 'directory',
      'd/.wh..wh.plnk/kept': 'file lower',
    },
    warnings: ['ignored AUFS entry: ".wh..wh.plnk" and 5 more'],
  },
  {
    title: 'A22 refuses a hard link to a file of AUFS that the layer does not have',
    layers: () => [
      [file('.wh..wh.plnk/12.34'), hardLink('a', '.wh..wh.plnk/12.34')],
      [hardLink('b', '.wh..wh.plnk/12.34')],
    ],
    outcome: /want a target that came before it/,
  },
  {
    title: 'A22 treats a directory with any name as a directory',
    layers: () => [[file('x/a')], [upper('.wh.x/child')]],
    outcome: { x: 'directory', 'x/a': 'file lower', '.wh.x': 'directory', '.wh.x/child': 'file upper' },
  },
  {
    title: 'A23 keeps a path that the same layer wrote, before or after the whiteout',
    layers: () => [
      [file('a'), file('b'), file('d/old')],
      [
        upper('a'),
        file('.wh.a', ''),
        file('.wh.b', ''),
        upper('b'),
        directory('d'),
        upper('d/new'),
        file('.wh.d', ''),
      ],
    ],
    outcome: { a: 'file upper', b: 'file upper', d: 'directory', 'd/new': 'file upper' },
  },
  {
    title: 'A23 accepts the whiteout of a missing file',
    layers: () => [[file('f')], [file('.wh.absent', ''), file('no/.wh.where', ''), file('f/.wh.x', '')]],
    outcome: { f: 'file lower' },
  },
  {
    title: 'removes the lower name of a file that the layer gave a new name',
    layers: () => [[file('old')], [hardLink('new', 'old'), file('.wh.old', '')]],
    outcome: { new: 'file lower' },
  },
  {
    title: 'A44 applies layers in the order in which they are given',
    layers: () => [[file('a', '1')], [file('a', '2')], [file('.wh.a', '')], [file('a', '4')]],
    outcome: { a: 'file 4' },
  },
];

for (const { title, layers, outcome, warnings = [] } of cases) {
  test(`whiteouts: ${title}`, { skip: needsRoot }, async () => {
    using place = makeUnpackRoot();
    const unpacked = place.unpack(layers(place));
    if (outcome instanceof RegExp) {
      await assert.rejects(unpacked, { kind: 'invalid', message: outcome });
      return;
    }
    const applied = await unpacked;
    if (outcome !== undefined) assert.deepEqual(place.tree(), outcome);
    assert.deepEqual(
      applied.flatMap((layer) => layer.warnings),
      warnings,
    );
  });
}
