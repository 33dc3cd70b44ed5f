import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RootTree } from './root-tree.ts';
import type { FileNode, NodeFacts, SymlinkNode } from './tree-node.ts';
import { walkTree } from './walk-tree.ts';

const facts: NodeFacts = { mode: 0o755, uid: 0, gid: 0, modifiedAt: 0 };
const file = (text: string): FileNode => ({
  type: 'file',
  facts,
  content: { bytes: Buffer.from(text) },
});
const link = (target: string): SymlinkNode => ({ type: 'symlink', facts, target: Buffer.from(target) });

function pathsOf(tree: RootTree): readonly string[] {
  return [...walkTree(tree.root)].map(({ path, linkTo }) =>
    linkTo === undefined ? path : `${path} = ${linkTo}`,
  );
}

describe('RootTree', () => {
  test('makes missing parents, and lists names in the order of their bytes', () => {
    const tree = new RootTree();
    tree.put('/b/c', file('x'));
    tree.put('a', file('x'));
    tree.put('B', file('x'));
    assert.deepEqual(pathsOf(tree), ['', 'B', 'a', 'b', 'b/c']);
  });

  test('follows links of its own, absolute and relative ones, and never leaves its root', () => {
    const tree = new RootTree();
    tree.put('usr/lib/old', file('x'));
    tree.put('lib', link('usr/lib'));
    tree.put('usr/local/up', link('../../../../../etc'));
    tree.put('run', link('/var/run'));
    tree.put('/lib/new', file('x'));
    tree.put('/usr/local/up/passwd', file('x'));
    tree.put('/run/made', file('x'));
    assert.deepEqual(
      pathsOf(tree).filter((path) => /new|passwd|made/.test(path)),
      ['etc/passwd', 'usr/lib/new', 'var/run/made'],
    );
  });

  test('replaces a link of the same name and keeps its target', () => {
    const tree = new RootTree();
    tree.put('target', file('old'));
    tree.put('name', link('target'));
    tree.put('name', file('new'));
    assert.equal(tree.find('name')?.type, 'file');
    assert.deepEqual(tree.find('target'), file('old'));
  });

  test('merges directories and gives a hard-linked file its first name', () => {
    const tree = new RootTree();
    const shared = file('x');
    tree.put('d/one', shared);
    tree.put('d', { type: 'directory', facts: { ...facts, mode: 0o700 }, children: new Map() });
    tree.put('d/two', shared);
    assert.deepEqual(pathsOf(tree), ['', 'd', 'd/one', 'd/two = d/one']);
    assert.equal(tree.find('d')?.facts.mode, 0o700);
  });

  for (const [name, put, reason] of [
    ['a file as a parent', (tree: RootTree) => tree.put('file/x', file('x')), /"file".*not a directory/],
    ['a circle of links', (tree: RootTree) => tree.put('loop/x', file('x')), /too many links/],
    ['a file as the root', (tree: RootTree) => tree.put('/', file('x')), /names the root directory/],
    ['a name that ends with ..', (tree: RootTree) => tree.put('a/..', file('x')), /ends with "\.\."/],
  ] as const) {
    test(`refuses ${name}`, () => {
      const tree = new RootTree();
      tree.put('file', file('x'));
      tree.put('loop', link('loop'));
      assert.throws(() => put(tree), { kind: 'invalid', message: reason });
    });
  }
});
