import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { isOutboardError } from '../errors/outboard-error.ts';
import { splitZstdFrames } from './zstd-frames.ts';

/** A skippable frame of four bytes. */
const skippable = Buffer.from('5f2a4d180400000001020304', 'hex');
/** Window descriptor, no checksum, one empty raw block. */
const emptyFrame = Buffer.from('28b52ffd0088010000', 'hex');
/** Single segment of 5 bytes, checksum, one RLE block of 5 bytes that holds 1. */
const rleFrame = Buffer.from('28b52ffd24052b000078aabbccdd', 'hex');
/** All optional fields: dictionary ID of 4 bytes, content size of 8, window descriptor, two raw blocks. */
const fullFrame = Buffer.from(`28b52ffdc38801000000${'05'.padEnd(16, '0')}1000006162190000636465`, 'hex');

async function split(bytes: Buffer, chunkBytes: number): Promise<Buffer[]> {
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  }
  const pieces: Buffer[] = [];
  for await (const piece of splitZstdFrames(chunks())) pieces.push(Buffer.from(piece));
  return pieces;
}

/** A frame written by the zstd program, if it is installed. */
function compressed(...options: string[]): Buffer[] {
  const input = Buffer.alloc(400_000, 'some text that compresses ');
  const { error, stdout } = spawnSync('zstd', ['-q', '-c', ...options], { input, maxBuffer: 2 ** 22 });
  return error === undefined ? [stdout] : [];
}

const frames = [
  skippable,
  emptyFrame,
  rleFrame,
  fullFrame,
  ...compressed('--check'),
  ...compressed('--no-check', '-19'),
  ...compressed('--fast=5'),
];

function isInvalid(message: RegExp) {
  return (error: unknown) => isOutboardError(error, 'invalid') && message.test(error.message);
}

describe('splitZstdFrames()', () => {
  test('splits between frames only', async () => {
    assert.deepEqual(await split(Buffer.concat(frames), Number.MAX_SAFE_INTEGER), frames);
    assert.deepEqual(await split(Buffer.alloc(0), 1), []);
  });

  test('splits at the same offsets for all sizes of chunks', async () => {
    const bytes = Buffer.concat(frames);
    const borders = new Set<number>();
    frames.reduce((end, frame) => borders.add(end + frame.length) && end + frame.length, 0);
    for (const chunkBytes of [1, 2, 3, 7, 13]) {
      const pieces = await split(bytes, chunkBytes);
      assert.ok(Buffer.concat(pieces).equals(bytes));
      const ends = new Set<number>();
      pieces.reduce((end, piece) => ends.add(end + piece.length) && end + piece.length, 0);
      for (const border of borders) assert.ok(ends.has(border), `no cut at ${border}`);
    }
  });

  test('A34 refuses a stream that is truncated anywhere inside a frame', async () => {
    for (const frame of frames) {
      const step = Math.ceil(frame.length / 40);
      for (let length = 1; length < frame.length; length += step) {
        const bytes = Buffer.concat([emptyFrame, frame.subarray(0, length)]);
        await assert.rejects(split(bytes, 1000), isInvalid(/truncated inside a frame/));
      }
    }
  });

  test('A40 refuses data that is not a frame, and blocks of the reserved type', async () => {
    for (const trailer of ['garbage', '\0\0\0\0', '\x1f\x8b\x08\x00']) {
      const bytes = Buffer.concat([rleFrame, Buffer.from(trailer, 'latin1')]);
      await assert.rejects(split(bytes, 1000), isInvalid(/not a zstd frame/));
    }
    await assert.rejects(split(Buffer.from('28b52ffd0088070000', 'hex'), 1000), isInvalid(/reserved type/));
  });
});
