import assert from 'node:assert/strict';
import { closeSync, openSync, readSync } from 'node:fs';
import { test } from 'node:test';
import { hostPlatform } from '@outboard/oci';
import { parseProgramHeader, programHeaderBytes } from './program-header.ts';

const scripts: readonly (readonly [text: string, interpreter: string | undefined])[] = [
  ['#!/bin/sh\necho', '/bin/sh'],
  ['#! \t/usr/bin/env -S node\n', '/usr/bin/env'],
  ['#!/bin/sh\r\necho', '/bin/sh\r'],
  ['#!sh', 'sh'],
  ['#!\n/bin/sh', undefined],
  ['#!', undefined],
  ['#', undefined],
  ['', undefined],
  ['echo hello', undefined],
];
for (const [text, interpreter] of scripts) {
  test(`parseProgramHeader() reads the interpreter of ${JSON.stringify(text)}`, () => {
    const expected = interpreter === undefined ? { kind: 'unknown' } : { kind: 'script', interpreter };
    assert.deepEqual(parseProgramHeader(Buffer.from(text)), expected);
  });
}

function headerOf(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(programHeaderBytes);
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(file);
  }
}

test('parseProgramHeader() reads the loader of a program of this host', () => {
  const header = parseProgramHeader(headerOf('/bin/sh'));
  assert.equal(header.kind, 'elf');
  assert.equal(header.kind === 'elf' && header.architecture, hostPlatform().architecture);
  assert.match((header.kind === 'elf' && header.loader) || '', /^\/lib.*\/ld-.*\.so/);
});

/** A 64-bit big-endian program with one segment. */
function bigEndian(loader: string, loaderAt = 120): Buffer {
  const header = Buffer.alloc(256);
  header.write('\x7fELF\x02\x02', 'latin1');
  header.writeUInt16BE(22, 18);
  header.writeBigUInt64BE(64n, 0x20);
  header.writeUInt16BE(56, 0x36);
  header.writeUInt16BE(1, 0x38);
  header.writeUInt32BE(3, 64);
  header.writeBigUInt64BE(BigInt(loaderAt), 72);
  header.writeBigUInt64BE(BigInt(loader.length + 1), 96);
  header.write(`${loader}\0`, Math.min(loaderAt, 200), 'latin1');
  return header;
}

test('parseProgramHeader() reads the loader in either byte order, and none beyond the bytes that it has', () => {
  const read = (bytes: Buffer) => {
    const header = parseProgramHeader(bytes);
    return header.kind === 'elf' ? [header.architecture, header.loader] : header.kind;
  };
  assert.deepEqual(read(bigEndian('/lib/ld64.so.1')), ['s390x', '/lib/ld64.so.1']);
  assert.deepEqual(read(bigEndian('/lib/ld64.so.1', 250)), ['s390x', undefined]);
  assert.deepEqual(read(bigEndian('/lib/ld64.so.1').subarray(0, 70)), ['s390x', undefined]);
  const static_ = bigEndian('/lib/ld64.so.1');
  static_.writeUInt32BE(1, 64);
  assert.deepEqual(read(static_), ['s390x', undefined]);
  assert.deepEqual(read(Buffer.from('\x7fELF', 'latin1')), [undefined, undefined]);
});

test('parseProgramHeader() survives any bytes after the magic', () => {
  for (let seed = 1; seed < 300; seed += 1) {
    const bytes = Buffer.alloc(80 + (seed % 200));
    for (let at = 0, state = seed; at < bytes.length; at += 1) {
      state = (state * 1103515245 + 12345) % 2147483648;
      bytes[at] = state >>> 16;
    }
    bytes.write('\x7fELF', 'latin1');
    assert.equal(parseProgramHeader(bytes).kind, 'elf');
  }
});
