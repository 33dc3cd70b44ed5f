import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { stopWhenAborted } from './stop-when-aborted.ts';

async function collect<Piece>(source: AsyncIterable<Piece>): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for await (const piece of source) pieces.push(piece);
  return pieces;
}

test('stopWhenAborted() gives every piece and leaves no listener', async () => {
  const { signal } = new AbortController();
  const source = (async function* () {
    yield* [1, 2, 3];
  })();
  assert.deepEqual(await collect(stopWhenAborted(source, signal)), [1, 2, 3]);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('stopWhenAborted() stops while a piece is awaited, and closes a stream', async () => {
  const abort = new AbortController();
  const source = new PassThrough();
  const collected = collect(stopWhenAborted(source, abort.signal));
  abort.abort(new Error('enough'));
  await assert.rejects(collected, { message: 'enough' });
  assert.ok(source.destroyed);
});

test('stopWhenAborted() closes a generator when its reader stops early', async () => {
  let isClosed = false;
  const source = (async function* () {
    try {
      yield 1;
      yield 2;
    } finally {
      isClosed = true;
    }
  })();
  for await (const _ of stopWhenAborted(source, new AbortController().signal)) break;
  assert.ok(isClosed);
});

test('stopWhenAborted() passes the error of its source on', async () => {
  const source = (async function* () {
    yield 1;
    throw new Error('connection reset');
  })();
  await assert.rejects(collect(stopWhenAborted(source, new AbortController().signal)), {
    message: 'connection reset',
  });
});
