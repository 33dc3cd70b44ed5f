/**
 * The minimum of a root filesystem without a base: directories that mounts and programs expect, and the names of
 * root and nobody.
 */
import { pathOf, type RootTree } from '../tree/root-tree.ts';
import type { NodeFacts } from '../tree/tree-node.ts';

const directories = ['dev', 'etc', 'mnt', 'proc', 'root', 'run/docker/plugins', 'sys', 'usr/bin', 'var'];

const etcFiles = {
  passwd:
    'root:x:0:0:root:/root:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
  group: 'root:x:0:\nnogroup:x:65534:\n',
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
  hosts: '127.0.0.1 localhost\n::1 localhost\n',
};

/** Add them. @param modifiedAt seconds since the epoch */
export function addSystemFiles(tree: RootTree, modifiedAt: number): void {
  const facts: NodeFacts = { mode: 0o755, uid: 0, gid: 0, modifiedAt };
  for (const directory of directories) tree.makeDirectory(directory);
  tree.put('tmp', { type: 'directory', facts: { ...facts, mode: 0o1777 }, children: new Map() });
  for (const [name, content] of Object.entries(etcFiles)) {
    const node = {
      type: 'file',
      facts: { ...facts, mode: 0o644 },
      content: { bytes: Buffer.from(content) },
    } as const;
    tree.put(pathOf(`etc/${name}`), node);
  }
}
