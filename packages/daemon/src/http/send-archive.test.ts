import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { sendArchive } from './send-archive.ts';

/** An archive without end, which notes that it was closed. */
function endlessArchive() {
  const state = { isClosed: false };
  async function* pieces() {
    try {
      for (;;) yield Buffer.alloc(64 * 1024);
    } finally {
      state.isClosed = true;
    }
  }
  return { archive: pieces(), state };
}

describe('sendArchive()', () => {
  test('writes all of it, and leaves the response open', async () => {
    async function* pieces() {
      yield Buffer.alloc(100_000, 'a');
      yield Buffer.alloc(100_000, 'b');
    }
    const response = new PassThrough();
    const received = buffer(response);
    await sendArchive(pieces(), response);
    assert.equal(response.writableEnded, false);
    response.end();
    assert.equal((await received).length, 200_000);
  });

  test('D04 ends for a client that takes nothing, and closes the archive', async () => {
    const { archive, state } = endlessArchive();
    await assert.rejects(sendArchive(archive, new PassThrough(), { stallMs: 20 }), {
      message: 'the client took nothing of the archive for 0.02 seconds',
    });
    assert.equal(state.isClosed, true);
  });

  test('D08 ends for a client that goes away, and closes the archive', async () => {
    const { archive, state } = endlessArchive();
    const response = new PassThrough();
    const sending = sendArchive(archive, response);
    response.destroy();
    await assert.rejects(sending, { message: /went away/ });
    assert.equal(state.isClosed, true);
  });
});
