import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { describeContentStore } from '../content/content-store.suite.ts';
import { describeIngests } from '../content/ingests.suite.ts';
import { createMemoryContentStore } from './memory-content-store.ts';

const text = Buffer.from('outboard');

async function createStore() {
  const store = createMemoryContentStore();
  return {
    store,
    async [Symbol.asyncDispose]() {
      assert.equal(store.openIngests, 0, 'ingests were left open');
    },
  };
}

describeContentStore('store in memory', createStore);
describeIngests('store in memory', createStore);

describe('createMemoryContentStore()', () => {
  it('refuses bytes beyond its capacity and keeps nothing of them', async () => {
    const store = createMemoryContentStore({ maxBytes: text.length + 3 });
    const { digest } = await store.write(text);
    await assert.rejects(store.write(Buffer.from('four')), { kind: 'system', code: 'no-space' });
    assert.deepEqual(store.digests, [digest]);
    assert.equal(store.openIngests, 0);
  });

  for (const [name, use] of [
    ['read()', (store, digest) => store.read(digest, { maxBytes: 100 })],
    ['open()', async (store, digest) => buffer(await store.open(digest))],
  ] as const satisfies readonly [string, Use][]) {
    it(`${name} refuses a damaged blob, which is gone afterwards`, async () => {
      const store = createMemoryContentStore();
      const { digest } = await store.write(text);
      store.damage(digest);
      await assert.rejects(use(store, digest), { kind: 'system', code: 'damaged-blob' });
      assert.deepEqual(await store.stat(digest), { exists: false });
    });
  }

  it('replaces a damaged blob that is written again', async () => {
    const store = createMemoryContentStore();
    const { digest } = await store.write(text);
    store.damage(digest);
    await store.write(text);
    assert.deepEqual(await store.read(digest, { maxBytes: 100 }), text);
  });
});

type Use = (
  store: ReturnType<typeof createMemoryContentStore>,
  digest: Awaited<ReturnType<ReturnType<typeof createMemoryContentStore>['write']>>['digest'],
) => Promise<unknown>;
