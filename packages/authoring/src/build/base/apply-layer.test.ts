import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTarWriter, type TarEntry } from '@outboard/oci';
import { readContent } from '../tree/read-content.ts';
import { RootTree } from '../tree/root-tree.ts';
import { applyLayer } from './apply-layer.ts';
import { openSpool } from './spool.ts';

/** A layer of files with content, and of hard links as `=target`. */
function layerOf(files: Readonly<Record<string, string>>): Buffer {
  const chunks: Buffer[] = [];
  const writer = createTarWriter((chunk) => void chunks.push(Buffer.from(chunk)));
  for (const [name, text] of Object.entries(files)) {
    const isLink = text.startsWith('=');
    const content = isLink ? Buffer.alloc(0) : Buffer.from(text);
    const entry: TarEntry = {
      type: isLink ? 'hard-link' : 'file',
      name: Buffer.from(name),
      linkName: Buffer.from(isLink ? text.slice(1) : ''),
      mode: 0o644,
      uid: 0,
      gid: 0,
      size: content.length,
      modifiedAt: 0,
      deviceMajor: 0,
      deviceMinor: 0,
      xattrs: new Map(),
    };
    writer.onEntry(entry);
    if (content.length > 0) writer.onContent(content);
    writer.onEntryEnd();
  }
  writer.end();
  return Buffer.concat(chunks);
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

test('applyLayer() leaves out the metadata of AUFS, and keeps the files that links refer to there', async () => {
  await using spool = await openSpool();
  const tree = new RootTree();
  await applyLayer(tree, chunksOf(layerOf({ 'dir/lower': 'x', gone: 'x' })), spool);
  const layer = layerOf({
    '.wh..wh.aufs': 'x',
    '.wh..wh.plnk/12.34': 'linked',
    '.wh..wh.orph/1': 'x',
    'dir/one': '=.wh..wh.plnk/12.34',
    'dir/.wh..wh..opq': '',
    '.wh.gone': '',
  });
  await applyLayer(tree, chunksOf(layer), spool);
  assert.deepEqual([...tree.root.children.keys()], ['dir']);
  const [directory] = tree.root.children.values();
  assert.ok(directory?.type === 'directory');
  assert.deepEqual([...directory.children.keys()], ['one']);
  const file = tree.find('dir/one');
  assert.ok(file?.type === 'file');
  const chunks: Buffer[] = [];
  for await (const chunk of readContent(file.content)) chunks.push(chunk);
  assert.equal(Buffer.concat(chunks).toString(), 'linked');
});
