/**
 * The content store and durable writes on a disk that is full.
 */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openFileContentStore, writeFileDurably } from '@outboard/oci';
import { mountSmallTmpfs } from '../support/small-tmpfs.ts';

const noSpace = { kind: 'system', code: 'no-space', message: /no space left on the file system of/ };
const megabyte = 1024 * 1024;

describe('a full disk', { skip: process.getuid?.() === 0 ? false : 'needs root to mount a tmpfs' }, () => {
  it('A45 refuses the blob, frees its space, and existing blobs stay readable', async () => {
    await using disk = await mountSmallTmpfs({ bytes: 2 * megabyte });
    const ingestDirectory = join(disk.path, 'ingest');
    const store = await openFileContentStore({ root: disk.path, ingestDirectory });
    const kept = await store.write(Buffer.alloc(megabyte, 'a'));
    {
      await using ingest = await store.ingest();
      // A write may fail after an append has returned: then the commit reports it.
      const writing = async () => {
        for (let index = 0; index < 32; index++) await ingest.append(Buffer.alloc(megabyte / 16, index));
        await ingest.commit();
      };
      await assert.rejects(writing(), noSpace);
      assert.deepEqual(await readdir(ingestDirectory), [], 'the failed ingest keeps space');
      await assert.rejects(ingest.append(Buffer.from('more')), noSpace);
    }
    assert.equal((await store.read(kept.digest, { maxBytes: megabyte })).length, megabyte);
    const later = await store.write(Buffer.alloc(megabyte / 2, 'b'));
    assert.equal(later.size, megabyte / 2);
    assert.equal((await store.sweep(() => false)).length, 2, 'a full disk can be swept');
  });

  it('A45 refuses a blob when no inode is left', async () => {
    await using disk = await mountSmallTmpfs({ bytes: megabyte, inodes: 16 });
    const store = await openFileContentStore({ root: disk.path, ingestDirectory: join(disk.path, 'ingest') });
    const filling = async () => {
      for (let index = 0; index < 20; index++) await store.write(Buffer.from(`${index}`));
    };
    await assert.rejects(filling(), noSpace);
    await store.sweep(() => false);
    await store.write(Buffer.from('fits again'));
  });

  it('A45 keeps the old file when its replacement does not fit', async () => {
    await using disk = await mountSmallTmpfs({ bytes: megabyte });
    const file = join(disk.path, 'config.json');
    await writeFileDurably(file, 'old', { mode: 0o600 });
    await writeFile(join(disk.path, 'ballast'), Buffer.alloc(megabyte - 16_384));
    await assert.rejects(writeFileDurably(file, Buffer.alloc(65_536), { mode: 0o600 }), noSpace);
    assert.equal(await readFile(file, 'utf8'), 'old');
    assert.deepEqual((await readdir(disk.path)).sort(), ['ballast', 'config.json']);
  });
});
