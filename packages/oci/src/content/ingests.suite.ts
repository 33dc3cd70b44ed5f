/**
 * The suite for the ingests of all content stores: interrupted ones, and those that are read while they are written. Run it on
 * each implementation with `describeIngests`.
 */
import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { digestOf } from '../digests/digest.ts';
import type { DisposableContentStore } from './content-store.suite.ts';
import type { ContentStore, ExpectedContent } from './content-store.ts';

/** Declare the tests of ingests for one implementation. */
export function describeIngests(name: string, create: () => Promise<DisposableContentStore>): void {
  /** Declare one test on a store of its own. */
  function test(title: string, body: (store: ContentStore) => Promise<void>): void {
    it(title, async () => {
      await using subject = await create();
      await body(subject.store);
    });
  }

  describe(`${name}: interrupted ingests`, () => testInterruptedIngests(test));
  describe(`${name}: followed ingests`, () => testFollowedIngests(test));
}

type DeclareTest = (title: string, body: (store: ContentStore) => Promise<void>) => void;

const text = Buffer.from('outboard');
const content: ExpectedContent = { digest: digestOf(text), size: text.length };
/** Content of which half is worth keeping. */
const large = Buffer.alloc(4 * 1024 * 1024, 'outboard!');
const largeContent: ExpectedContent = { digest: digestOf(large), size: large.length };
const half = large.length / 2;

/** Write the first half of `large`, and leave the ingest as a broken connection does. */
async function interrupt(store: ContentStore, bytes = large.subarray(0, half)): Promise<void> {
  await using ingest = await store.ingest({ resume: largeContent.digest, source: 'registry.test/acme' });
  await ingest.append(bytes);
}

function testInterruptedIngests(test: DeclareTest): void {
  const resume = { resume: largeContent.digest, source: 'registry.test/acme' };

  test('R22 an interrupted ingest is continued where it ended', async (store) => {
    await interrupt(store);
    assert.deepEqual(await store.stat(largeContent.digest), { exists: false });
    await using ingest = await store.ingest(resume);
    assert.deepEqual([ingest.resumedBytes, ingest.size], [half, half]);
    assert.equal(ingest.digest(), digestOf(large.subarray(0, half)));
    await ingest.append(large.subarray(half));
    await ingest.commit(largeContent);
    assert.ok(large.equals(await buffer(await store.open(largeContent.digest))));
    assert.deepEqual(await store.sweepIngests({ all: true }), { count: 0, bytes: 0 });
  });

  test('R23 an interrupted ingest of other content is refused at the commit, and gone', async (store) => {
    await interrupt(store, Buffer.alloc(half, 'wrong'));
    await using ingest = await store.ingest(resume);
    await ingest.append(large.subarray(half));
    await assert.rejects(ingest.commit(largeContent), { kind: 'invalid' });
    await using again = await store.ingest(resume);
    assert.equal(again.resumedBytes, 0);
    await again.discard();
  });

  test('an ingest of another source begins anew', async (store) => {
    await interrupt(store);
    await using ingest = await store.ingest({ ...resume, source: 'other.test/acme' });
    assert.equal(ingest.resumedBytes, 0);
    await ingest.discard();
    assert.deepEqual(await store.sweepIngests({ all: true }), { count: 0, bytes: 0 });
  });

  test('R35 of two ingests of one content, one can be continued', async (store) => {
    await interrupt(store);
    await using first = await store.ingest(resume);
    await using second = await store.ingest(resume);
    assert.deepEqual([first.resumedBytes, second.resumedBytes], [half, 0]);
    await second.append(large);
    await second.commit(largeContent);
    await first.append(large.subarray(half));
    await first.commit(largeContent);
    assert.equal((await store.verify(largeContent.digest)).exists, true);
  });

  test('discard() leaves nothing to continue', async (store) => {
    await interrupt(store);
    await (await store.ingest(resume)).discard();
    await using ingest = await store.ingest(resume);
    assert.equal(ingest.resumedBytes, 0);
    await ingest.discard();
  });

  test('sweepIngests() removes what is stored by now, keeps the rest, and removes that on demand', async (store) => {
    await interrupt(store);
    assert.deepEqual(await store.sweepIngests(), { count: 0, bytes: 0 });
    assert.deepEqual(await store.sweepIngests({ all: true }), { count: 1, bytes: half });
    await interrupt(store);
    await store.write(large);
    assert.deepEqual(await store.sweepIngests(), { count: 1, bytes: half });
  });
}

function testFollowedIngests(test: DeclareTest): void {
  test('follow() reads the content while it is written, from its start', async (store) => {
    await interrupt(store);
    await using ingest = await store.ingest({ resume: largeContent.digest, source: 'registry.test/acme' });
    const readers = [chunksOf(ingest.follow()), chunksOf(ingest.follow())];
    await ingest.append(large.subarray(half));
    readers.push(chunksOf(ingest.follow()));
    await ingest.commit(largeContent);
    readers.push(chunksOf(ingest.follow()));
    for (const read of await Promise.all(readers)) assert.ok(large.equals(read));
  });

  test('follow() fails when the content is refused, and when the ingest is left', async (store) => {
    const refused = await store.ingest();
    await refused.append(text);
    const reading = assert.rejects(chunksOf(refused.follow()), { kind: 'system' });
    await assert.rejects(refused.commit({ ...content, size: 3 }), { kind: 'invalid' });
    await reading;
    const left = await store.ingest();
    const waiting = assert.rejects(chunksOf(left.follow()), { kind: 'system' });
    await left[Symbol.asyncDispose]();
    await waiting;
  });

  test('follow() stops when it is aborted, and the ingest goes on', async (store) => {
    const abort = new AbortController();
    await using ingest = await store.ingest();
    const reading = assert.rejects(chunksOf(ingest.follow({ signal: abort.signal })), { name: 'AbortError' });
    await ingest.append(text);
    abort.abort();
    await reading;
    assert.deepEqual(await ingest.commit(), content);
  });
}

async function chunksOf(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}
