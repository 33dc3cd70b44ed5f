/**
 * Archives that try to leave the root: each row is one attack, with the expected tree or the reason of the refusal. In
 * every case files outside stay unchanged and unread.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsRoot } from '../support/needs-root.ts';
import type { TarEntryFields } from '../support/tar.ts';
import { type Layer, makeUnpackRoot, type UnpackRoot } from '../support/unpack-root.ts';

interface Attack {
  /** Case of docs/cases.md, and content of the archive. */
  readonly title: string;
  readonly layers: (place: UnpackRoot) => readonly Layer[];
  /** The whole tree, or the error. */
  readonly outcome: Readonly<Record<string, string>> | RegExp | ((place: UnpackRoot) => void);
}

const file = (name: string | Buffer, content = 'x', more: Partial<TarEntryFields> = {}): TarEntryFields => ({
  name,
  content,
  ...more,
});
const directory = (name: string): TarEntryFields => ({ type: 'directory', name });
const symlink = (name: string, linkName: string): TarEntryFields => ({ type: 'symlink', name, linkName });
const hardLink = (name: string, linkName: string): TarEntryFields => ({ type: 'hard-link', name, linkName });
/** The place of a host path that is resolved inside the root. */
const asInside = (place: UnpackRoot, path: string) => place.tree()[path.slice(1)];
const dotdot = /has a "\.\." component/;

const attacks: readonly Attack[] = [
  ...['../x', 'a/../../x', '..', './..', 'a/..'].map((name) => ({
    title: `A01 a file named ${name}`,
    layers: () => [[file(name)]],
    outcome: dotdot,
  })),
  { title: 'A01 a directory named ../d', layers: () => [[directory('../d')]], outcome: dotdot },
  ...['/etc/x', '////etc/x', './/etc/./x'].map((name) => ({
    title: `A02 a file named ${name}`,
    layers: () => [[file(name)]],
    outcome: { etc: 'directory', 'etc/x': 'file x' },
  })),
  {
    title: 'A03 a file below a link to an absolute path',
    layers: () => [[symlink('l', '/etc'), file('l/passwd')]],
    outcome: { l: 'link /etc', etc: 'directory', 'etc/passwd': 'file x' },
  },
  {
    title: 'A03 a file below a link to a directory of the host',
    layers: ({ victim }) => [[symlink('l', victim), file('l/f'), directory('l/d')]],
    outcome: (place) => assert.equal(asInside(place, `${place.victim}/f`), 'file x'),
  },
  {
    title: 'A03 a file over a link to a file of the host, below a linked directory',
    layers: ({ victim }) => [
      [symlink('l', `${victim}/d`), symlink('l/second-name', `${victim}/f`), file('l/second-name')],
    ],
    outcome: (place) => assert.equal(asInside(place, `${place.victim}/d/second-name`), 'file x'),
  },
  {
    title: 'A04 a chain of two links',
    layers: () => [
      [directory('in'), symlink('in/up', '..'), symlink('in/up/esc', '../victim'), file('in/up/esc/f')],
    ],
    outcome: {
      in: 'directory',
      'in/up': 'link ..',
      esc: 'link ../victim',
      victim: 'directory',
      'victim/f': 'file x',
    },
  },
  {
    title: 'A05 a chain of links that one layer plants and the next one uses',
    layers: () => [[symlink('up', '../../..'), symlink('esc', 'up/victim')], [file('esc/f')]],
    outcome: { up: 'link ../../..', esc: 'link up/victim', victim: 'directory', 'victim/f': 'file x' },
  },
  {
    title: 'A06 a file over a link of the same name',
    layers: ({ victim }) => [
      [symlink('f', `${victim}/f`), symlink('g', '../victim/f'), file('f'), file('g')],
    ],
    outcome: { f: 'file x', g: 'file x' },
  },
  ...['../victim/f', '/../victim/f', 'd/../../victim/f'].map((target) => ({
    title: `A07 a hard link to ${target}`,
    layers: () => [[directory('d'), hardLink('h', target)]],
    outcome: dotdot,
  })),
  {
    title: 'A07 a file over a hard link of the same name',
    layers: () => [[file('a', 'one'), hardLink('b', 'a'), file('b', 'two')]],
    outcome: { a: 'file one', b: 'file two' },
  },
  {
    title: 'A08 a hard link with an absolute target that is in the root',
    layers: () => [[file('usr/bin/x'), hardLink('y', '/usr/bin/x')]],
    outcome: { usr: 'directory', 'usr/bin': 'directory', 'usr/bin/x': 'file x', y: 'file x' },
  },
  {
    title: 'A09 a hard link through a link to a directory of the host',
    layers: ({ victim }) => [[symlink('out', victim), hardLink('h', 'out/f')]],
    outcome: /hard link "h" to "out\/f": want a target that came before it/,
  },
  {
    title: 'A09 a hard link through a chain of links',
    layers: () => [[symlink('up', '..'), symlink('esc', 'up/victim'), hardLink('h', 'esc/f')]],
    outcome: /want a target that came before it/,
  },
  {
    title: 'A10 a hard link to a file of the working directory',
    layers: () => [[hardLink('h', 'package.json')]],
    outcome: /want a target that came before it/,
  },
  {
    title: 'A10 a hard link whose target is counted from the root, not from its own directory',
    layers: () => [[file('f', 'right'), file('d/f', 'wrong'), hardLink('d/h', 'f')]],
    outcome: { f: 'file right', d: 'directory', 'd/f': 'file wrong', 'd/h': 'file right' },
  },
  {
    title: 'A11 a hard link to a link to the host, with an owner, a mode and a time',
    layers: ({ victim }) => [
      [
        { ...symlink('s', `${victim}/f`), uid: 7, mode: 0o777, mtime: 5 },
        { ...hardLink('h', 's'), uid: 8, mode: 0o777, mtime: 6 },
      ],
    ],
    outcome: (place) => {
      const link = `link ${place.victim}/f`;
      assert.deepEqual(place.tree(), { h: link, s: link });
    },
  },
  {
    title: 'A12 a hard link before its target',
    layers: () => [[hardLink('b', 'a'), file('a')]],
    outcome: /want a target that came before it/,
  },
  {
    title: 'A12 a hard link whose target becomes a link',
    layers: ({ victim }) => [[file('a'), hardLink('b', 'a'), symlink('a', `${victim}/f`)]],
    outcome: (place) => assert.deepEqual(place.tree(), { a: `link ${place.victim}/f`, b: 'file x' }),
  },
  {
    title: 'A13 a hard link to a directory',
    layers: () => [[directory('d'), hardLink('h', 'd')]],
    outcome: /want a file or a link as its target/,
  },
  {
    title: 'A13 a hard link to a fifo',
    layers: () => [[{ type: 'fifo', name: 'p' }, hardLink('h', 'p')]],
    outcome: /want a file or a link as its target/,
  },
  {
    title: 'A13 a hard link to a device',
    layers: () => [[{ type: 'character-device', name: 'c', major: 1, minor: 3 }, hardLink('h', 'c')]],
    outcome: /want a file or a link as its target/,
  },
  {
    title: 'A13 a hard link to itself',
    layers: () => [[file('a'), hardLink('a', './a')]],
    outcome: /it is its own target/,
  },
  {
    title: 'A13 a hard link to itself through a linked directory',
    layers: () => [[file('d/a'), symlink('l', 'd'), hardLink('d/a', 'l/a')]],
    outcome: { d: 'directory', 'd/a': 'file x', l: 'link d' },
  },
  {
    title: 'A14 a directory that becomes a link and a directory again',
    layers: ({ victim }) => [
      [directory('d'), symlink('d', victim), file('d/f', 'inside'), directory('d'), file('d/g')],
    ],
    outcome: (place) => {
      assert.equal(place.tree()['d/g'], 'file x');
      assert.equal(asInside(place, `${place.victim}/f`), 'file inside');
    },
  },
  ...['.', '/', './'].map((name) => ({
    title: `A15 a link named ${name}`,
    layers: () => [[symlink(name, '/tmp')]],
    outcome: /names the root directory/,
  })),
  { title: 'A15 a file named .', layers: () => [[file('.')]], outcome: /names the root directory/ },
  { title: 'A15 an empty name', layers: () => [[symlink('', '/tmp')]], outcome: /./ },
  {
    title: 'A15 the root as a directory',
    layers: () => [[directory('./'), file('a')]],
    outcome: { a: 'file x' },
  },
  {
    title: 'A16 a sibling of the root whose name begins alike',
    layers: ({ root }) => [[symlink('l', `../${root.slice(root.lastIndexOf('/') + 1)}-evil`), file('l/f')]],
    outcome: { l: 'link ../root-evil', 'root-evil': 'directory', 'root-evil/f': 'file x' },
  },
  {
    title: 'A17 names that differ by case or by Unicode form',
    layers: () => [[file('a'), file('A', 'y'), file('\u00e9'), file('e\u0301', 'y')]],
    outcome: { a: 'file x', A: 'file y', '\u00c3\u00a9': 'file x', 'e\u00cc\u0081': 'file y' },
  },
  {
    title: 'a parent that is a file',
    layers: () => [[file('a'), file('a/b')]],
    outcome: /cannot create "\/a\/b": not a directory/,
  },
  {
    title: 'a parent that is a circle of links',
    layers: () => [[symlink('a', 'b'), symlink('b', 'a'), file('a/c')]],
    outcome: /too many symbolic links/,
  },
  {
    title: 'a link without a target',
    layers: () => [[symlink('a', '')]],
    outcome: /a link has no target/,
  },
];

for (const { title, layers, outcome } of attacks) {
  test(`unpacking stays inside: ${title}`, { skip: needsRoot }, async () => {
    using place = makeUnpackRoot();
    const unpacked = place.unpack(layers(place));
    if (outcome instanceof RegExp) {
      await assert.rejects(unpacked, { kind: 'invalid', message: outcome });
    } else {
      await unpacked;
      if (typeof outcome === 'function') outcome(place);
      else assert.deepEqual(place.tree(), outcome);
    }
  });
}
