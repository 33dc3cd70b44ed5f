import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { ChunkQueue } from './chunk-queue.ts';

const chunk = (text: string) => Buffer.from(text);

async function collect(queue: ChunkQueue): Promise<string[]> {
  const texts: string[] = [];
  for await (const bytes of queue) texts.push(bytes.toString());
  return texts;
}

test('ChunkQueue passes the chunks on as they are, in order', async () => {
  const queue = new ChunkQueue(100);
  const read = collect(queue);
  await queue.write(chunk('a'));
  await queue.write(chunk('bc'));
  await setImmediate();
  await queue.write(chunk('d'));
  queue.end();
  assert.deepEqual(await read, ['a', 'bc', 'd']);
});

test('ChunkQueue gives the memory of the writer, not a copy', async () => {
  const queue = new ChunkQueue(100);
  const bytes = new Uint8Array([1, 2, 3]).subarray(1);
  await queue.write(bytes);
  const { value } = await queue[Symbol.asyncIterator]().next();
  assert.equal(value?.buffer, bytes.buffer);
  assert.equal(value?.byteOffset, bytes.byteOffset);
});

test('ChunkQueue makes the writer wait while it is full', async () => {
  const queue = new ChunkQueue(4);
  let written = 0;
  const writing = (async () => {
    for (const text of ['abc', 'def', 'ghi']) {
      await queue.write(chunk(text));
      written++;
    }
    queue.end();
  })();
  await setImmediate();
  assert.equal(written, 1);
  const iterator = queue[Symbol.asyncIterator]();
  await iterator.next();
  await setImmediate();
  assert.equal(written, 2);
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next());
  await writing;
  assert.equal(written, 3);
});

test('ChunkQueue frees the writer when the reader stops early, and drops what follows', async () => {
  const queue = new ChunkQueue(1);
  const writing = queue.write(chunk('abc'));
  for await (const bytes of queue) {
    assert.equal(bytes.toString(), 'abc');
    break;
  }
  await writing;
  await queue.write(chunk('def'));
  queue.end();
});

test('ChunkQueue fails the reader when it is closed before its end', async () => {
  const queue = new ChunkQueue(100);
  const read = collect(queue);
  await queue.write(chunk('a'));
  await setImmediate();
  queue.close();
  await assert.rejects(read, /closed/);
});
