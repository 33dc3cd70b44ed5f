import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import zlib from 'node:zlib';
import { gzipStream } from '@outboard/oci';
import { decompress } from '@outboard/oci/layers';
import fc from 'fast-check';
import { loadIsal } from './isal.ts';
import { loadLibdeflate } from './libdeflate.ts';

const libdeflate = loadLibdeflate();
/** Where the library is not installed there is nothing to test. */
const testLibrary: (title: string, run: () => Promise<void>) => void =
  libdeflate === undefined ? () => undefined : test;

async function* chunksOf(bytes: Uint8Array, cut: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += cut) yield bytes.subarray(at, at + cut);
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const collected: Buffer[] = [];
  for await (const chunk of chunks) collected.push(Buffer.from(chunk));
  return Buffer.concat(collected);
}

function compressed(bytes: Uint8Array, { cut = 5000, blockBytes = 10_000, concurrency = 3 } = {}) {
  return collect(gzipStream(chunksOf(bytes, cut), { makeCompressor: libdeflate, blockBytes, concurrency }));
}

async function inflated(bytes: Buffer): Promise<Buffer> {
  const { content } = await decompress(chunksOf(bytes, 4096), { makeGzipInflater: loadIsal() });
  return collect(content);
}

const patterns = fc
  .tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 3000 }))
  .map(([pattern, times]) => new Uint8Array(Buffer.alloc(pattern.length * times, pattern)));

describe('gzip by libdeflate', () => {
  testLibrary('every reader gets back the content, whatever the data and the blocks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.uint8Array({ maxLength: 3000 }), patterns),
        fc.integer({ min: 1, max: 20_000 }),
        fc.integer({ min: 1, max: 20_000 }),
        async (data, cut, blockBytes) => {
          const bytes = await compressed(data.slice(0, 200 * blockBytes), { cut, blockBytes });
          const expected = Buffer.from(data.subarray(0, 200 * blockBytes));
          assert.ok(zlib.gunzipSync(bytes).equals(expected));
          assert.ok((await inflated(bytes)).equals(expected));
        },
      ),
    );
  });

  testLibrary('GNU gzip reads it, and its headers have no host and no time', async () => {
    const data = Buffer.concat([Buffer.alloc(25_000), Buffer.from('text '.repeat(7000))]);
    const bytes = await compressed(data);
    const gnu = spawnSync('gzip', ['-dc'], { input: bytes });
    assert.equal(gnu.stderr.toString(), '');
    assert.ok(gnu.stdout.equals(data));
    assert.match(bytes.toString('hex', 0, 10), /^1f8b080000000000..ff$/);
  });

  testLibrary('the same content gives the same bytes, for any chunks and concurrency', async () => {
    const data = Buffer.from(Array.from({ length: 90_000 }, (_, index) => (index * index) >> (index % 13)));
    const reference = await compressed(data);
    for (const options of [{ cut: 777 }, { concurrency: 1 }, { concurrency: 8 }]) {
      assert.ok((await compressed(data, options)).equals(reference));
    }
  });

  testLibrary('the size of a program stays near that of gzip -6 in one member', async () => {
    const program = (await readFile(process.execPath)).subarray(0, 8 * 1024 * 1024);
    const bytes = await compressed(program, { cut: 65_536, blockBytes: 1024 * 1024 });
    const { length } = zlib.gzipSync(program, { level: 6 });
    assert.ok(bytes.length < 1.03 * length, `${bytes.length} bytes, want at most ${1.03 * length}`);
  });

  testLibrary('a compressor is freed when its stream is given up', async () => {
    const block = Buffer.alloc(1024 * 1024, 'outboard');
    async function* endless(): AsyncGenerator<Buffer> {
      for (;;) yield block;
    }
    const { rss } = process.memoryUsage();
    for (let count = 0; count < 300; count++) {
      for await (const member of gzipStream(endless(), { makeCompressor: libdeflate, concurrency: 1 })) {
        assert.ok(member.length > 0);
        break;
      }
    }
    const { rss: after } = process.memoryUsage();
    assert.ok(after < rss + 150_000_000, `${after - rss} bytes were not given back`);
  });
});
