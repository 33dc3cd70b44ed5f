/**
 * The suite for all content stores. Run it on each implementation with `describeContentStore`.
 */
import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { type Digest, digestOf } from '../digests/digest.ts';
import type { ContentStore, ExpectedContent } from './content-store.ts';

/** An empty store for one test. Disposing it deletes the store and asserts that no ingest is left open. */
export interface DisposableContentStore extends AsyncDisposable {
  readonly store: ContentStore;
}

/** Declare the tests of the contract for one implementation. */
export function describeContentStore(name: string, create: () => Promise<DisposableContentStore>): void {
  /** Declare one test on a store of its own. */
  function test(title: string, body: (store: ContentStore) => Promise<void>): void {
    it(title, async () => {
      await using subject = await create();
      await body(subject.store);
    });
  }

  describe(`${name}: reading and writing`, () => testReadingAndWriting(test));
  describe(`${name}: verification`, () => testVerification(test));
  describe(`${name}: leases`, () => testLeases(test));
  describe(`${name}: collection`, () => testCollection(test));
}

type DeclareTest = (title: string, body: (store: ContentStore) => Promise<void>) => void;

const text = Buffer.from('outboard');
const content: ExpectedContent = { digest: digestOf(text), size: text.length };

function testReadingAndWriting(test: DeclareTest): void {
  test('a blob reads back as it was written', async (store) => {
    assert.deepEqual(await store.write(text), content);
    assert.deepEqual(await store.stat(content.digest), { exists: true, size: text.length });
    assert.deepEqual(await store.read(content.digest, { maxBytes: text.length }), text);
    assert.deepEqual(await buffer(await store.open(content.digest)), text);
  });

  test('an empty blob is a blob', async (store) => {
    const { digest, size } = await store.write(Buffer.alloc(0));
    assert.equal(size, 0);
    assert.deepEqual(await buffer(await store.open(digest)), Buffer.alloc(0));
  });

  test('a large blob in chunks of odd sizes keeps every byte in order', async (store) => {
    await using ingest = await store.ingest();
    const chunks = Array.from({ length: 400 }, (_, index) => Buffer.alloc((index * 7919) % 65_537, index));
    for (const chunk of chunks) await ingest.append(chunk);
    const whole = Buffer.concat(chunks);
    assert.equal(ingest.size, whole.length);
    assert.equal(ingest.digest(), digestOf(whole));
    const { digest } = await ingest.commit();
    assert.ok(whole.equals(await buffer(await store.open(digest))));
  });

  test('a missing blob is reported as missing', async (store) => {
    assert.deepEqual(await store.stat(content.digest), { exists: false });
    await assert.rejects(store.open(content.digest), { kind: 'not-found' });
    await assert.rejects(store.read(content.digest, { maxBytes: 100 }), { kind: 'not-found' });
  });

  test('verify() tells an intact blob from a missing one', async (store) => {
    assert.deepEqual(await store.verify(content.digest), { exists: false });
    await store.write(text);
    assert.deepEqual(await store.verify(content.digest), { exists: true, size: text.length });
    await assert.rejects(store.verify(content.digest, { signal: AbortSignal.abort() }), {
      name: 'AbortError',
    });
  });

  test('inspect() tells an intact blob from a missing one', async (store) => {
    assert.deepEqual(await store.inspect(content.digest), { exists: false });
    await store.write(text);
    assert.deepEqual(await store.inspect(content.digest), { exists: true, size: text.length });
    await assert.rejects(store.inspect(content.digest, { signal: AbortSignal.abort() }), {
      name: 'AbortError',
    });
  });

  test('read() refuses a blob larger than its bound', async (store) => {
    await store.write(text);
    await assert.rejects(store.read(content.digest, { maxBytes: text.length - 1 }), { kind: 'invalid' });
  });

  test('open() that is aborted on its way fails for its caller alone', async (store) => {
    await store.write(text);
    const abort = new AbortController();
    const opening = store.open(content.digest, { signal: abort.signal });
    abort.abort();
    await assert.rejects(
      async () => {
        const stream = await opening;
        // The turn of the event loop in which a stream tells of its error.
        await setImmediate();
        for await (const _ of stream) assert.fail('it has content');
      },
      { name: 'AbortError' },
    );
  });

  test('open() stops when it is aborted', async (store) => {
    await store.write(text);
    await assert.rejects(store.open(content.digest, { signal: AbortSignal.abort() }), { name: 'AbortError' });
    const abort = new AbortController();
    const stream = await store.open(content.digest, { signal: abort.signal });
    abort.abort();
    await assert.rejects(buffer(stream), { name: 'AbortError' });
  });

  test('walk() lists every blob once', async (store) => {
    const written = [await store.write(text), await store.write(Buffer.from('b'))];
    assert.deepEqual(sorted(await walked(store)), sorted(written));
  });
}

function testVerification(test: DeclareTest): void {
  test('R01 content with a wrong digest is refused and not stored', async (store) => {
    const digest = digestOf(Buffer.from('other'));
    await assert.rejects(ingestOf(store, text, { digest, size: text.length }), { kind: 'invalid' });
    await assertEmpty(store, [digest, content.digest]);
  });

  test('R01 content with the right digest and a wrong size is refused and not stored', async (store) => {
    for (const size of [0, text.length - 1, text.length + 1]) {
      await assert.rejects(ingestOf(store, text, { ...content, size }), { kind: 'invalid' });
    }
    await assertEmpty(store, [content.digest]);
  });

  test('sha512 is verified only by an ingest opened for sha512', async (store) => {
    const expected = { digest: digestOf(text, 'sha512'), size: text.length };
    await assert.rejects(ingestOf(store, text, expected), { kind: 'invalid' });
    await using ingest = await store.ingest({ algorithm: 'sha512' });
    await ingest.append(text);
    assert.equal(ingest.digest(), content.digest);
    assert.deepEqual(await ingest.commit(expected), expected);
    assert.deepEqual(await store.read(expected.digest, { maxBytes: 100 }), text);
    assert.deepEqual(await walked(store), [expected]);
  });

  test('a blob is visible only after its commit, and never when it is disposed before', async (store) => {
    {
      await using ingest = await store.ingest();
      await ingest.append(text);
      await assertEmpty(store, [content.digest]);
    }
    await assertEmpty(store, [content.digest]);
  });

  test('an ingest refuses bytes and commits after its end', async (store) => {
    await using ingest = await store.ingest();
    await ingest.append(text);
    await ingest.commit(content);
    await assert.rejects(ingest.append(text), { kind: 'system' });
    await assert.rejects(ingest.commit(), { kind: 'system' });
    await ingest[Symbol.asyncDispose]();
    assert.deepEqual(await store.read(content.digest, { maxBytes: 100 }), text);
  });

  test('R35 concurrent writers of one blob all succeed, and there is one blob', async (store) => {
    await Promise.all(Array.from({ length: 8 }, () => ingestOf(store, text, content)));
    assert.deepEqual(await walked(store), [content]);
  });
}

function testLeases(test: DeclareTest): void {
  test('R35 a leased blob stays until its last lease has ended', async (store) => {
    await store.write(text);
    const first = store.lease();
    const second = store.lease();
    for (const lease of [first, first, second]) lease.add(content.digest);
    await first[Symbol.asyncDispose]();
    await first[Symbol.asyncDispose]();
    assert.deepEqual(await store.sweep(() => false), []);
    await second[Symbol.asyncDispose]();
    assert.deepEqual(await store.sweep(() => false), [content]);
  });

  test('R35 a lease on a future blob protects it from its commit on', async (store) => {
    await using lease = store.lease();
    lease.add(content.digest);
    await store.write(text);
    assert.deepEqual(await store.sweep(() => false), []);
    assert.deepEqual(await walked(store), [content]);
  });

  test('R35 a lease taken during a sweep protects its blobs', async (store) => {
    const blobs = await Promise.all(
      Array.from({ length: 20 }, (_, index) => store.write(Buffer.from(`${index}`))),
    );
    await using lease = store.lease();
    const asked = new Set<Digest>();
    // When the first blob is asked about, all others are leased.
    const removed = await store.sweep((digest) => {
      if (asked.size === 0) {
        for (const blob of blobs) if (blob.digest !== digest) lease.add(blob.digest);
      }
      asked.add(digest);
      return false;
    });
    assert.equal(removed.length, 1);
    assert.equal((await walked(store)).length, blobs.length - 1);
  });
}

function testCollection(test: DeclareTest): void {
  test('sweep() removes unreferenced blobs and returns them', async (store) => {
    const kept = await store.write(Buffer.from('kept'));
    await store.write(text);
    assert.deepEqual(await store.sweep((digest) => digest === kept.digest), [content]);
    assert.deepEqual(await walked(store), [kept]);
  });

  test('sweep() looks at some blobs only, if it is told so', async (store) => {
    const other = await store.write(Buffer.from('other'));
    await store.write(text);
    const absent = digestOf(Buffer.from('absent'));
    assert.deepEqual(await store.sweep(() => false, [content.digest, absent, content.digest]), [content]);
    assert.deepEqual(await walked(store), [other]);
  });

  test('R35 a sweep does not disturb open ingests and open readers', async (store) => {
    await store.write(text);
    const reader = await store.open(content.digest);
    await using ingest = await store.ingest();
    await ingest.append(Buffer.from('new'));
    assert.deepEqual(await store.sweep(() => false), [content]);
    const { digest } = await ingest.commit();
    assert.deepEqual(await store.stat(digest), { exists: true, size: 3 });
    assert.deepEqual(await buffer(reader), text);
  });

  test('R35 leased writers and concurrent sweeps lose no blob', async (store) => {
    const sweeps = Array.from({ length: 10 }, () => store.sweep(() => false));
    const writers = Array.from({ length: 20 }, async (_, index) => {
      const bytes = Buffer.from(`${index % 5}`);
      await using lease = store.lease();
      lease.add(digestOf(bytes));
      const { digest } = await store.write(bytes);
      assert.deepEqual(await store.read(digest, { maxBytes: 10 }), bytes);
    });
    await Promise.all([...sweeps, ...writers]);
  });
}

async function ingestOf(store: ContentStore, bytes: Buffer, expected: ExpectedContent): Promise<void> {
  await using ingest = await store.ingest();
  await ingest.append(bytes);
  await ingest.commit(expected);
}

async function assertEmpty(store: ContentStore, digests: readonly Digest[]): Promise<void> {
  for (const digest of digests) assert.deepEqual(await store.stat(digest), { exists: false });
  assert.deepEqual(await walked(store), []);
}

async function walked(store: ContentStore): Promise<ExpectedContent[]> {
  const all: ExpectedContent[] = [];
  for await (const blob of store.walk()) all.push(blob);
  return all;
}

function sorted(blobs: readonly ExpectedContent[]): ExpectedContent[] {
  return [...blobs].sort((a, b) => a.digest.localeCompare(b.digest));
}
