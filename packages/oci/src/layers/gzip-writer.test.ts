import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { gzipStream } from './gzip-writer.ts';

async function* chunksOf(bytes: Buffer, chunkBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const blockBytes = 10_000;
/** Blocks that take different times to compress: noise, zeros, text. */
const mixed = Buffer.concat([
  randomBytes(25_000),
  Buffer.alloc(40_000),
  Buffer.from('text '.repeat(7000)),
  randomBytes(33),
]);

describe('gzipStream()', () => {
  for (const length of [0, 1, blockBytes - 1, blockBytes, blockBytes + 1, 3 * blockBytes, mixed.length]) {
    test(`writes ${length} bytes that GNU gzip and zlib read back`, async () => {
      const input = mixed.subarray(0, length);
      const members = await collect(gzipStream(chunksOf(input, 777), { blockBytes }));
      assert.equal(members.length, Math.max(1, Math.ceil(length / blockBytes)));
      const output = Buffer.concat(members);
      assert.ok(gunzipSync(output).equals(input));
      const gnu = spawnSync('gzip', ['-dc'], { input: output, maxBuffer: 2 ** 22 });
      assert.equal(gnu.stderr.toString(), '');
      assert.ok(gnu.stdout.equals(input));
      assert.equal(spawnSync('gzip', ['-t'], { input: output }).status, 0);
    });
  }

  test('writes the same bytes for all sizes of chunks and any concurrency', async () => {
    const reference = Buffer.concat(await collect(gzipStream(chunksOf(mixed, 1000), { blockBytes })));
    for (const concurrency of [1, 2, 8]) {
      const stream = gzipStream(chunksOf(mixed, 99_999), { blockBytes, concurrency });
      assert.ok(Buffer.concat(await collect(stream)).equals(reference));
    }
  });

  test('writes headers without host and time', async () => {
    for (const member of await collect(gzipStream(chunksOf(mixed, 1000), { blockBytes }))) {
      assert.equal(member.toString('hex', 0, 10), '1f8b08000000000000ff');
    }
  });

  test('accepts a source that reuses its buffer', async () => {
    async function* reusing() {
      const buffer = Buffer.alloc(5000);
      for (const byte of [1, 2, 3]) {
        buffer.fill(byte);
        yield buffer;
      }
    }
    const output = Buffer.concat(await collect(gzipStream(reusing(), { blockBytes })));
    assert.deepEqual([...new Set(gunzipSync(output))], [1, 2, 3]);
  });

  test('reads ahead only the blocks that it compresses in parallel', async () => {
    let read = 0;
    async function* counted() {
      for await (const chunk of chunksOf(mixed, blockBytes)) {
        read += chunk.length;
        yield chunk;
      }
    }
    const stream = gzipStream(counted(), { blockBytes, concurrency: 3 });
    await stream.next();
    assert.equal(read, 3 * blockBytes);
    await stream.return(undefined);
  });

  test('throws errors of the source', async () => {
    const failure = new Error('disk gone');
    async function* failing() {
      yield mixed;
      throw failure;
    }
    await assert.rejects(collect(gzipStream(failing(), { blockBytes })), failure);
  });

  test('stops with the reason of its signal and closes the source', async () => {
    const controller = new AbortController();
    const reason = new Error('cancelled');
    let isClosed = false;
    async function* endless() {
      try {
        for (;;) yield mixed;
      } finally {
        isClosed = true;
      }
    }
    await assert.rejects(async () => {
      for await (const member of gzipStream(endless(), { blockBytes, signal: controller.signal })) {
        assert.ok(member.length > 0);
        controller.abort(reason);
      }
    }, reason);
    assert.ok(isClosed);
  });
});
