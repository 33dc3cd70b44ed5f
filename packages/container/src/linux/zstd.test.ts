import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { decompress, isOutboardError } from '@outboard/oci/layers';
import { loadZstd } from './zstd.ts';

const makeZstdInflater = loadZstd();
const hasProgram = spawnSync('zstd', ['--version']).status === 0;
/** Where Node.js has zstd itself, or the library is missing, there is nothing to test. */
const testZstd: (title: string, run: () => Promise<void>) => void =
  makeZstdInflater === undefined || !hasProgram ? () => undefined : test;

function compress(bytes: Uint8Array, ...flags: readonly string[]): Buffer {
  return execFileSync('zstd', ['-q', '-c', ...flags], { input: bytes, maxBuffer: 1 << 28 });
}

async function inflate(bytes: Buffer, cut: number): Promise<Buffer> {
  async function* source() {
    for (let at = 0; at < bytes.length; at += cut) yield bytes.subarray(at, at + cut);
  }
  const { compression, content } = await decompress(source(), { makeZstdInflater, chunkBytes: 4096 });
  assert.equal(compression, 'zstd');
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

const text = Buffer.from('all work and no play '.repeat(10_000));

for (const cut of [1, 1000, 1_000_000]) {
  testZstd(`A41 zstd by libzstd gives the content back, in chunks of ${cut}`, async () => {
    const noise = randomBytes(cut === 1 ? 3000 : 300_000);
    const frames = Buffer.concat([compress(text), compress(noise, '--no-check'), compress(Buffer.alloc(0))]);
    assert.ok((await inflate(frames, cut)).equals(Buffer.concat([text, noise])));
  });
}

testZstd('A34 A38 zstd by libzstd refuses damaged, cut and too wide frames', async () => {
  const frame = compress(text);
  const damaged = Buffer.from(frame);
  damaged.writeUInt8(damaged.readUInt8(damaged.length - 1) ^ 1, damaged.length - 1);
  const wide = compress(randomBytes(100_000), '--ultra', '--long=31', '--no-check');
  for (const [name, bytes] of [
    ['damaged', damaged],
    ['cut', frame.subarray(0, -5)],
    ['followed by text', Buffer.concat([frame, Buffer.from('text')])],
    ...(wide.readUInt8(5) >> 3 > 17 ? [['too wide', wide] as const] : []),
  ] as const) {
    await assert.rejects(inflate(bytes, 500), (error) => isOutboardError(error, 'invalid'), name);
  }
});
