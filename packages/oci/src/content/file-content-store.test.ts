import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { digestHex, digestOf } from '../digests/digest.ts';
import { describeContentStore } from './content-store.suite.ts';
import type { ContentStore } from './content-store.ts';
import { type DamagedBlob, openFileContentStore } from './file-content-store.ts';
import { describeIngests } from './ingests.suite.ts';

const text = Buffer.from('outboard');

/** A store in a temporary directory. Disposing it asserts that no ingest is left. */
async function createStore(onDamaged: (blob: DamagedBlob) => void = () => {}) {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-content-'));
  const root = join(directory, 'storage');
  const ingestDirectory = join(root, 'ingest');
  const store = await openFileContentStore({ root, ingestDirectory, onDamaged });
  return {
    store,
    root,
    ingestDirectory,
    async [Symbol.asyncDispose]() {
      const left = await readdir(ingestDirectory);
      await rm(directory, { recursive: true });
      assert.deepEqual(left, [], 'files were left in the ingest directory');
    },
  };
}

describeContentStore('store in files', () => createStore());
describeIngests('store in files', () => createStore());

describe('openFileContentStore()', () => {
  it('keeps blobs in the OCI image layout, closed to other users', async () => {
    await using subject = await createStore();
    const { digest } = await subject.store.write(text);
    const file = join(subject.root, 'blobs', 'sha256', digestHex(digest));
    assert.equal((await stat(file)).mode & 0o7777, 0o600);
    for (const directory of ['', 'blobs', 'blobs/sha256', 'blobs/sha512', 'ingest']) {
      assert.equal((await stat(join(subject.root, directory))).mode & 0o7777, 0o700, directory);
    }
  });

  it('reads a blob into the same memory again, but not into that of the last two chunks', async () => {
    await using subject = await createStore();
    const bytes = randomBytes(5 * 1024 * 1024 + 1);
    const { digest } = await subject.store.write(bytes);
    const stream: AsyncIterable<Buffer> = await subject.store.open(digest, { reuseMemory: true });
    const memory = new Set<ArrayBufferLike>();
    const late: Buffer[] = [];
    const kept: Buffer[] = [];
    for await (const chunk of stream) {
      memory.add(chunk.buffer);
      late.push(chunk);
      if (late.length > 2) kept.push(Buffer.from(late.shift() ?? chunk));
    }
    assert.ok(Buffer.concat([...kept, ...late]).equals(bytes));
    assert.ok(memory.size < kept.length, `${memory.size} buffers`);
  });

  it('finds the blobs of an earlier store in the same directory', async () => {
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

  it('leaves files alone that are not blobs', async () => {
    await using subject = await createStore();
    const directory = join(subject.root, 'blobs', 'sha256');
    for (const name of ['.keep', 'A'.repeat(64), 'a'.repeat(63)]) await writeFile(join(directory, name), '');
    assert.deepEqual(await subject.store.sweep(() => false), []);
    assert.equal((await readdir(directory)).length, 3);
  });

  it('does not write an existing blob again', async () => {
    await using subject = await createStore();
    const { digest } = await subject.store.write(text);
    const file = join(subject.root, 'blobs', 'sha256', digestHex(digest));
    const { ino } = await stat(file);
    await subject.store.write(text);
    assert.equal((await stat(file)).ino, ino);
  });

  it('stores nothing when a blob cannot be moved into place', async () => {
    await using subject = await createStore();
    await rm(join(subject.root, 'blobs', 'sha256'), { recursive: true });
    await assert.rejects(subject.store.write(text), {
      kind: 'system',
      message: /^cannot commit blob at ".*": ENOENT, no such file or directory$/,
    });
    assert.deepEqual(await subject.store.stat(digestOf(text)), { exists: false });
  });
});

describe('a damaged blob', () => {
  const blob = Buffer.alloc(700_000, 'outboard');
  const digest = digestOf(blob);

  async function createDamaged(bytes: Buffer) {
    const reported: DamagedBlob[] = [];
    const subject = await createStore((damaged) => reported.push(damaged));
    await subject.store.write(blob);
    const file = join(subject.root, 'blobs', 'sha256', digestHex(digest));
    await writeFile(file, bytes);
    return { ...subject, reported, file, damaged: join(subject.root, 'damaged') };
  }

  const flipped = Buffer.from(blob);
  flipped.writeUInt8(flipped.readUInt8(699_999) ^ 1, 699_999);
  for (const [name, bytes] of [
    ['with one flipped bit', flipped],
    ['truncated', blob.subarray(0, 699_999)],
    ['with an extra byte', Buffer.concat([blob, Buffer.alloc(1)])],
    ['emptied', Buffer.alloc(0)],
  ] as const) {
    const uses = {
      verify: async (store: ContentStore) => {
        assert.deepEqual(await store.verify(digest), { exists: false });
      },
      read: async (store: ContentStore) => {
        await assert.rejects(store.read(digest, { maxBytes: 1e6 }), {
          code: 'damaged-blob',
          message: /damaged/,
        });
      },
      open: async (store: ContentStore) => {
        let passed = 0;
        const reading = async () => {
          for await (const chunk of await store.open(digest)) passed += chunk.length;
        };
        await assert.rejects(reading(), { code: 'damaged-blob' });
        assert.ok(passed < bytes.length || bytes.length === 0, 'the last chunk was passed on');
      },
      write: async (store: ContentStore) => {
        await store.write(blob);
        assert.deepEqual(await store.read(digest, { maxBytes: 1e6 }), blob);
      },
    };
    for (const [method, use] of Object.entries(uses)) {
      it(`${name} is detected by ${method}() and quarantined`, async () => {
        await using subject = await createDamaged(bytes);
        await use(subject.store);
        const names = await readdir(subject.damaged);
        assert.equal(names.length, 1);
        const setAside = join(subject.damaged, names[0] ?? '');
        assert.deepEqual(await readFile(setAside), bytes);
        assert.deepEqual(
          subject.reported.map(({ damage: _, ...rest }) => rest),
          [{ digest, path: subject.file, setAside }],
        );
        await subject.store.write(blob);
        assert.deepEqual(await subject.store.verify(digest), { exists: true, size: blob.length });
      });
    }
  }

  it('replaces the oldest in the quarantine, which keeps eight', async () => {
    await using subject = await createStore();
    for (let index = 0; index < 12; index++) {
      const written = await subject.store.write(Buffer.from(`blob ${index}`));
      await writeFile(join(subject.root, 'blobs', 'sha256', digestHex(written.digest)), 'damaged');
      assert.deepEqual(await subject.store.verify(written.digest), { exists: false });
    }
    assert.equal((await readdir(join(subject.root, 'damaged'))).length, 8);
  });

  it('is closed when a stream of it is never read', async () => {
    await using subject = await createStore();
    await subject.store.write(blob);
    const before = (await readdir('/proc/self/fd')).length;
    for (let index = 0; index < 20; index++) {
      const stream = await subject.store.open(digest);
      stream.destroy();
      await once(stream, 'close');
    }
    assert.ok((await readdir('/proc/self/fd')).length < before + 10);
  });
});
