import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { digestHex, digestOf } from '../digests/digest.ts';
import type { ContentStore } from './content-store.ts';
import { type FileContentStoreOptions, openFileContentStore } from './file-content-store.ts';

const bytes = Buffer.from('the content of a layer');
const digest = digestOf(bytes);
const expected = { digest, size: bytes.length };
const name = `sha256-${digestHex(digest)}`;

/** A store that keeps even one byte. */
async function createStore(rules: Partial<FileContentStoreOptions> = {}) {
  const root = await mkdtemp(join(tmpdir(), 'outboard-ingests-'));
  const open = () => openFileContentStore({ root, minKeptBytes: 1, ...rules });
  return {
    open,
    path: join(root, 'ingest', name),
    note: join(root, 'ingest', `${name}.json`),
    left: async () => (await readdir(join(root, 'ingest'))).sort(),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  };
}

/** Write the first ten bytes. */
async function interrupt(store: ContentStore): Promise<void> {
  await using ingest = await store.ingest({ resume: digest });
  await ingest.append(bytes.subarray(0, 10));
}

async function resumedBytes(store: ContentStore): Promise<number> {
  const ingest = await store.ingest({ resume: digest });
  await ingest.discard();
  return ingest.resumedBytes;
}

describe('the directory of ingests', () => {
  it('R22 keeps an interrupted ingest for the next process', async () => {
    await using subject = await createStore();
    await interrupt(await subject.open());
    assert.deepEqual(await subject.left(), [name, `${name}.json`]);
    const store = await subject.open();
    await using ingest = await store.ingest({ resume: digest });
    assert.equal(ingest.resumedBytes, 10);
    await ingest.append(bytes.subarray(10));
    await ingest.commit(expected);
    assert.deepEqual(await store.read(digest, { maxBytes: 100 }), bytes);
    assert.deepEqual(await subject.left(), []);
  });

  it('counts bytes that a killed process wrote, but after a power cut only those that were flushed', async () => {
    await using subject = await createStore();
    await interrupt(await subject.open());
    await writeFile(subject.path, bytes.subarray(0, 15)); // more than was flushed
    const note = JSON.parse(await readFile(subject.note, 'utf8'));
    assert.equal(note.flushedBytes, 10);
    assert.equal(await resumedBytes(await subject.open()), 15);
    await interrupt(await subject.open());
    await writeFile(subject.path, Buffer.alloc(15));
    await writeFile(subject.note, JSON.stringify({ ...note, boot: 'before the power cut' }));
    assert.equal(await resumedBytes(await subject.open()), 10);
  });

  for (const [what, note] of [
    ['torn', '{"sour'],
    ['of another shape', '{"flushedBytes":-1}'],
    ['too large', `{"x":"${'a'.repeat(5000)}"}`],
    ['missing', undefined],
  ] as const) {
    it(`removes an interrupted ingest whose note is ${what}`, async () => {
      await using subject = await createStore();
      await interrupt(await subject.open());
      if (note === undefined) await rm(subject.note);
      else await writeFile(subject.note, note);
      await subject.open();
      assert.deepEqual(await subject.left(), []);
    });
  }

  it('removes an interrupted ingest of fewer bytes than are worth it', async () => {
    await using subject = await createStore({ minKeptBytes: 11 });
    await interrupt(await subject.open());
    assert.deepEqual(await subject.left(), []);
  });

  it('begins anew when more bytes are there than are expected', async () => {
    await using subject = await createStore();
    await interrupt(await subject.open());
    const store = await subject.open();
    await using ingest = await store.ingest({ resume: digest, expectedBytes: 9 });
    assert.equal(ingest.resumedBytes, 0);
    await ingest.discard();
  });

  it('sweeps ingests that were interrupted long ago, and none that is under way', async () => {
    await using subject = await createStore({ maxIngestAgeMs: 60_000 });
    const store = await subject.open();
    await interrupt(store);
    assert.deepEqual(await store.sweepIngests(), { count: 0, bytes: 0 });
    const before = new Date(Date.now() - 61_000);
    await utimes(subject.path, before, before);
    const ingest = await store.ingest({ resume: digest });
    assert.deepEqual(await store.sweepIngests({ all: true }), { count: 0, bytes: 0 });
    await ingest[Symbol.asyncDispose]();
    await utimes(subject.path, before, before);
    assert.deepEqual(await store.sweepIngests(), { count: 1, bytes: 10 });
    assert.deepEqual(await subject.left(), []);
  });
});

describe('the free-space reserve', () => {
  const full = { kind: 'system', code: 'no-space', message: /stay free \(free-space-reserve\)$/ };

  it('R18 refuses content of a claimed size that does not fit before a byte is written', async () => {
    await using subject = await createStore();
    const store = await subject.open();
    await assert.rejects(store.ingest({ resume: digest, expectedBytes: 2 ** 50 }), full);
    await assert.rejects(store.ingest({ expectedBytes: 2 ** 50 }), full);
    assert.deepEqual(await subject.left(), []);
  });

  it('ends an ingest of unknown size that would take it, and leaves nothing', async () => {
    await using subject = await createStore({ freeSpaceReserve: 2 ** 60 });
    const store = await subject.open();
    for (const options of [{}, { resume: digest }]) {
      await using ingest = await store.ingest(options);
      await ingest.append(bytes);
      await assert.rejects(ingest.commit(expected), full);
      await assert.rejects(ingest.append(bytes), full);
    }
    assert.deepEqual(await subject.left(), []);
  });
});
