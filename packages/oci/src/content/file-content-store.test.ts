import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { digestHex, digestOf } from '../digests/digest.ts';
import { describeContentStore } from './content-store.contract.ts';
import { openFileContentStore } from './file-content-store.ts';

const text = Buffer.from('outboard');

/** A store in a folder of its own, which must have nothing under way when a test ends. */
async function createStore() {
  const folder = await mkdtemp(join(tmpdir(), 'outboard-content-'));
  const root = join(folder, 'storage');
  const ingestDirectory = join(root, 'ingest');
  const store = await openFileContentStore({ root, ingestDirectory });
  return {
    store,
    root,
    ingestDirectory,
    async [Symbol.asyncDispose]() {
      const left = await readdir(ingestDirectory);
      await rm(folder, { recursive: true });
      assert.deepEqual(left, [], 'files were left in the ingest folder');
    },
  };
}

describeContentStore('file store', createStore);

describe('openFileContentStore()', () => {
  it('keeps blobs in the layout of OCI images, closed to other users', async () => {
    await using subject = await createStore();
    const { digest } = await subject.store.write(text);
    const file = join(subject.root, 'blobs', 'sha256', digestHex(digest));
    assert.equal((await stat(file)).mode & 0o7777, 0o600);
    for (const folder of ['', 'blobs', 'blobs/sha256', 'blobs/sha512', 'ingest']) {
      assert.equal((await stat(join(subject.root, folder))).mode & 0o7777, 0o700, folder);
    }
  });

  it('finds the blobs of the store that was open before', async () => {
    await using subject = await createStore();
    const { digest } = await subject.store.write(text);
    const reopened = await openFileContentStore(subject);
    assert.deepEqual(await reopened.read(digest, { maxBytes: 100 }), text);
  });

  it('removes what interrupted writers left, and nothing else', async () => {
    await using subject = await createStore();
    const { digest } = await subject.store.write(text);
    await writeFile(join(subject.ingestDirectory, 'half a blob'), 'x');
    await mkdir(join(subject.ingestDirectory, 'a', 'b'), { recursive: true });
    const reopened = await openFileContentStore(subject);
    assert.deepEqual(await readdir(subject.ingestDirectory), []);
    assert.equal((await reopened.stat(digest)).exists, true);
  });

  it('leaves files that are no blobs alone', async () => {
    await using subject = await createStore();
    const folder = join(subject.root, 'blobs', 'sha256');
    for (const name of ['.keep', 'A'.repeat(64), 'a'.repeat(63)]) await writeFile(join(folder, name), '');
    assert.deepEqual(await subject.store.sweep(() => false), []);
    assert.equal((await readdir(folder)).length, 3);
  });

  it('does not write a blob again that is there', async () => {
    await using subject = await createStore();
    const { digest } = await subject.store.write(text);
    const file = join(subject.root, 'blobs', 'sha256', digestHex(digest));
    const { ino } = await stat(file);
    await subject.store.write(text);
    assert.equal((await stat(file)).ino, ino);
  });

  it('keeps nothing when a blob cannot be moved into place', async () => {
    await using subject = await createStore();
    await rm(join(subject.root, 'blobs', 'sha256'), { recursive: true });
    await assert.rejects(subject.store.write(text), {
      kind: 'system',
      message: /^cannot commit blob at ".*": ENOENT$/,
    });
    assert.deepEqual(await subject.store.stat(digestOf(text)), { exists: false });
  });
});
