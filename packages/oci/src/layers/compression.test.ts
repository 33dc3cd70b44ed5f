import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import zlib from 'node:zlib';
import { withResolvers } from '@outboard/async';
import { isOutboardError } from '../errors/outboard-error.ts';
import { decompress, detectCompression } from './compression.ts';

const hello = zlib.gzipSync('hello');
const xz = Buffer.from('fd377a585a000004e6d6b446', 'hex');
const bzip2 = Buffer.from('425a6839314159265359c1c0', 'hex');
const zstdHeader = Buffer.from('28b52ffd2005290000', 'hex');
const hasZstd = 'createZstdDecompress' in zlib;

/** A source that counts the bytes read, and a promise that resolves when it is closed. */
function sourceOf(bytes: Buffer, chunkBytes = bytes.length) {
  const state = { read: 0 };
  const { promise: closed, resolve: tellClosed } = withResolvers<void>();
  async function* chunks() {
    try {
      for (let at = 0; at < bytes.length; at += chunkBytes) {
        state.read = Math.min(at + chunkBytes, bytes.length);
        yield bytes.subarray(at, at + chunkBytes);
      }
    } finally {
      tellClosed();
    }
  }
  return { state, closed, chunks: chunks() };
}

async function read(bytes: Buffer, chunkBytes?: number): Promise<string> {
  const { compression, content } = await decompress(sourceOf(bytes, chunkBytes).chunks);
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return `${compression} ${Buffer.concat(chunks).toString('latin1')}`;
}

async function refuses(bytes: Buffer, message: RegExp, chunkBytes?: number): Promise<void> {
  await assert.rejects(read(bytes, chunkBytes), (error) => {
    assert.ok(isOutboardError(error, 'invalid'), String(error));
    assert.match(error.message, message);
    return true;
  });
}

describe('detectCompression()', () => {
  const cases: readonly (readonly [string, Buffer, string])[] = [
    ['gzip', hello, 'gzip'],
    ['zstd', zstdHeader, 'zstd'],
    ['xz', xz, 'xz'],
    ['bzip2', bzip2, 'bzip2'],
    ['empty bzip2', Buffer.from('425a683917724538509000000000', 'hex'), 'bzip2'],
    ['a tar archive whose first name looks like bzip2', Buffer.from('BZh91-report.txt\0\0\0'), 'none'],
    ['gzip of a method that does not exist', Buffer.from('1f8b07000000', 'hex'), 'none'],
    ['nothing', Buffer.alloc(0), 'none'],
    ['half a magic', Buffer.from('1f8b', 'hex'), 'none'],
  ];
  for (const [what, bytes, expected] of cases) {
    test(`A41 detects ${what}`, () => {
      assert.equal(detectCompression(bytes.subarray(0, 10)), expected);
    });
  }
});

describe('decompress()', () => {
  test('passes uncompressed data through, in chunks of any size', async () => {
    assert.equal(await read(Buffer.from('plain text')), 'none plain text');
    assert.equal(await read(Buffer.from('plain text'), 1), 'none plain text');
    assert.equal(await read(Buffer.alloc(0)), 'none ');
  });

  // zlib takes another code path when a write ends between two members.
  for (const chunkBytes of [1, 7, 25, 35, 4096]) {
    test(`A40 joins gzip members and ignores zeros after them, in chunks of ${chunkBytes}`, async () => {
      const zeros = Buffer.alloc(3000);
      assert.equal(await read(hello, chunkBytes), 'gzip hello');
      assert.equal(await read(Buffer.concat([hello, hello, hello]), chunkBytes), 'gzip hellohellohello');
      assert.equal(await read(Buffer.concat([hello, hello, zeros]), chunkBytes), 'gzip hellohello');
      assert.equal(await read(zlib.gzipSync(''), chunkBytes), 'gzip ');
    });

    test(`A40 refuses anything else after a gzip member, in chunks of ${chunkBytes}`, async () => {
      const [garbage, zeros] = [Buffer.from('garbage'), Buffer.alloc(10)];
      await refuses(Buffer.concat([hello, garbage]), /gzip data is/, chunkBytes);
      await refuses(Buffer.concat([hello, zeros, garbage]), /gzip data is/, chunkBytes);
      await refuses(Buffer.concat([hello, zeros, hello]), /gzip data is/, chunkBytes);
      await refuses(Buffer.concat([hello, zeros, hello, zeros]), /gzip data is/, chunkBytes);
    });

    test(`A34 A40 refuses a gzip stream that is truncated or has a wrong checksum, in chunks of ${chunkBytes}`, async () => {
      for (let length = 10; length < hello.length; length++) {
        await refuses(hello.subarray(0, length), /gzip data is damaged or truncated/, chunkBytes);
      }
      await refuses(Buffer.concat([hello, hello.subarray(0, 12)]), /damaged or truncated/, chunkBytes);
      const wrong = Buffer.from(hello);
      wrong.writeUInt8(wrong.readUInt8(wrong.length - 8) ^ 1, wrong.length - 8);
      await refuses(wrong, /damaged or truncated: incorrect data check/, chunkBytes);
    });
  }

  test('A38 decompresses one level only', async () => {
    assert.equal(await read(zlib.gzipSync(hello)), `gzip ${hello.toString('latin1')}`);
  });

  test('A38 reads a decompression bomb no faster than its caller, which can stop', async () => {
    const member = zlib.gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const bomb = Buffer.concat(Array(8).fill(member));
    const { state, chunks } = sourceOf(bomb, 1024);
    const { content } = await decompress(chunks, { chunkBytes: 16 * 1024 });
    for await (const chunk of content) {
      assert.ok(chunk.length <= 16 * 1024);
      break;
    }
    assert.ok(state.read < bomb.length / 2, `${state.read} of ${bomb.length} bytes were read`);
  });

  test('A41 refuses xz and bzip2 by name and closes the source', async () => {
    for (const [bytes, name] of [
      [xz, 'xz'],
      [bzip2, 'bzip2'],
    ] as const) {
      const { closed, chunks } = sourceOf(bytes);
      await assert.rejects(
        decompress(chunks),
        (error) => isOutboardError(error, 'invalid') && error.message.includes(`compressed with ${name}`),
      );
      await closed;
    }
  });

  test('throws errors of the source, at the start and later', async () => {
    const failure = new Error('connection lost');
    async function* failing(bytes: Buffer) {
      yield bytes;
      throw failure;
    }
    const consume = async (source: AsyncIterable<Buffer>) => {
      const { content } = await decompress(source);
      for await (const chunk of content) assert.ok(chunk.length > 0);
    };
    const large = zlib.gzipSync(Buffer.alloc(1_000_000, 'abc'));
    for (const bytes of [Buffer.from('x'), Buffer.from('plain and long'), large.subarray(0, 900)]) {
      await assert.rejects(consume(failing(bytes)), failure);
    }
  });

  test('stops with the reason of its signal and closes the source', async () => {
    const reason = new Error('cancelled');
    const noise = randomBytes(1_000_000);
    for (const bytes of [noise, zlib.gzipSync(noise)]) {
      const controller = new AbortController();
      const { state, closed, chunks } = sourceOf(bytes, 512);
      const { content } = await decompress(chunks, { signal: controller.signal, chunkBytes: 1024 });
      await assert.rejects(async () => {
        for await (const chunk of content) {
          assert.ok(chunk.length > 0);
          controller.abort(reason);
        }
      }, reason);
      await closed;
      assert.ok(state.read < bytes.length, 'it reads no further');
    }
    await assert.rejects(decompress(sourceOf(hello).chunks, { signal: AbortSignal.abort(reason) }), reason);
  });

  test('A41 reads zstd, or names the Node.js version that is needed for it', async () => {
    const made = spawnSync('zstd', ['-q', '--check', '-c'], { input: 'hello' });
    const frame = made.error === undefined ? made.stdout : zstdHeader;
    if (!hasZstd) {
      await refuses(frame, /zstd layers need Node\.js >= 22\.15 or libzstd\.so\.1, this is Node\.js \d+/);
      return;
    }
    assert.ifError(made.error);
    for (const chunkBytes of [1, 5, frame.length + 1, 4096]) {
      assert.equal(await read(Buffer.concat([frame, frame]), chunkBytes), 'zstd hellohello');
      await refuses(frame.subarray(0, -1), /truncated inside a frame/, chunkBytes);
      await refuses(Buffer.concat([frame, Buffer.from('garbage')]), /not a zstd frame/, chunkBytes);
      const wrong = Buffer.from(frame);
      wrong.writeUInt8(wrong.readUInt8(wrong.length - 1) ^ 1, wrong.length - 1);
      await refuses(wrong, /zstd data is damaged/, chunkBytes);
    }
  });

  test('A38 refuses a zstd window above 128 MiB', async () => {
    // Window descriptor: exponent 21 (2^31 bytes), then an empty last block.
    const hugeWindow = Buffer.from('28b52ffd00a8010000', 'hex');
    await refuses(hugeWindow, hasZstd ? /zstd data is damaged/ : /zstd layers need Node\.js >= 22\.15/);
    if (hasZstd) assert.equal(await read(Buffer.from('28b52ffd0088010000', 'hex')), 'zstd ');
  });
});
