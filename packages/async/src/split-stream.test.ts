import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitStream } from './split-stream.ts';

const mebibyte = 1024 * 1024;

async function* chunks(count: number, onPull: () => void = () => {}): AsyncGenerator<Buffer> {
  for (let index = 0; index < count; index++) {
    onPull();
    yield Buffer.alloc(mebibyte, index);
  }
}

async function countBytes(branch: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0;
  for await (const chunk of branch) bytes += chunk.length;
  return bytes;
}

test('splitStream() gives every byte to each reader and returns their results in order', async () => {
  const [first, second] = await splitStream<[number, string]>(chunks(5), [
    countBytes,
    async (branch) => `${await countBytes(branch)} bytes`,
  ]);
  assert.equal(first, 5 * mebibyte);
  assert.equal(second, `${5 * mebibyte} bytes`);
});

test('splitStream() reads no further than the slower reader allows', async () => {
  let pulled = 0;
  let release: () => void = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await splitStream<[number, number]>(
    chunks(50, () => pulled++),
    [
      countBytes,
      async (branch) => {
        const iterator = branch[Symbol.asyncIterator]();
        await iterator.next();
        // The other reader and the source run on until nothing moves any more.
        for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
        assert.ok(pulled < 10, `${pulled} MiB were read while one reader stood still`);
        release();
        let bytes = mebibyte;
        for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
          bytes += next.value.length;
        return bytes;
      },
    ],
  );
  await released;
  assert.equal(pulled, 50);
});

test('splitStream() stops all readers when one fails, and throws its error', async () => {
  let isStopped = false;
  await assert.rejects(
    splitStream<[number, number]>(chunks(50), [
      async (branch, signal) => {
        try {
          return await countBytes(branch);
        } finally {
          isStopped = signal.aborted;
        }
      },
      async () => {
        throw new Error('the disk is full');
      },
    ]),
    /the disk is full/,
  );
  assert.equal(isStopped, true);
});

test('splitStream() throws the error of its source', async () => {
  async function* broken(): AsyncGenerator<Buffer> {
    yield Buffer.alloc(1);
    throw new Error('connection reset');
  }
  await assert.rejects(splitStream<[number, number]>(broken(), [countBytes, countBytes]), /connection reset/);
});

test('splitStream() stops when its signal is aborted', async () => {
  const controller = new AbortController();
  async function* endless(): AsyncGenerator<Buffer> {
    for (let count = 0; ; count++) {
      if (count === 20) controller.abort(new Error('client gone'));
      yield Buffer.alloc(mebibyte);
    }
  }
  await assert.rejects(
    splitStream<[number, number]>(endless(), [countBytes, countBytes], controller.signal),
    /client gone/,
  );
});

test('splitStream() hears of a reader that failed while the source gives nothing', async () => {
  async function* stalled() {
    yield Buffer.from('first');
    await new Promise(() => undefined);
  }
  const readers: [(branch: AsyncIterable<Buffer>) => Promise<never>] = [
    async (branch) => {
      for await (const chunk of branch) throw new Error(`cannot use "${chunk}"`);
      throw new Error('there was nothing');
    },
  ];
  await assert.rejects(splitStream(stalled(), readers), /cannot use "first"/);
});
