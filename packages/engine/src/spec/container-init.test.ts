import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { findContainerInit, initArguments, isStatic } from './container-init.ts';

/** An ELF file with these program headers, and nothing else. */
function elf(types: readonly number[], { is64 = true, isLittle = true } = {}): Buffer {
  const [header, entry] = is64 ? [64, 56] : [52, 32];
  const file = Buffer.alloc(header + entry * types.length + 16);
  file.write('\x7fELF', 'latin1');
  file.set([is64 ? 2 : 1, isLittle ? 1 : 2], 4);
  const half = (value: number, at: number) =>
    isLittle ? file.writeUInt16LE(value, at) : file.writeUInt16BE(value, at);
  const word = (value: number, at: number) =>
    isLittle ? file.writeUInt32LE(value, at) : file.writeUInt32BE(value, at);
  if (is64) word(header, isLittle ? 32 : 36);
  else word(header, 28);
  half(entry, is64 ? 54 : 42);
  half(types.length, is64 ? 56 : 44);
  for (const [index, type] of types.entries()) word(type, header + index * entry);
  return file;
}

for (const is64 of [true, false]) {
  for (const isLittle of [true, false]) {
    test(`isStatic() looks for the program interpreter: ${is64 ? 64 : 32} bits, ${isLittle ? 'little' : 'big'}-endian`, () => {
      assert.equal(isStatic(elf([1, 1, 4], { is64, isLittle })), true);
      assert.equal(isStatic(elf([6, 3, 1], { is64, isLittle })), false);
    });
  }
}

test('isStatic() refuses scripts and truncated files', () => {
  assert.equal(isStatic(Buffer.from(`#!/bin/sh\n${'#'.repeat(100)}`)), false);
  assert.equal(isStatic(elf([1, 1, 1]).subarray(0, 100)), false);
  assert.equal(isStatic(Buffer.from('\x7fELF', 'latin1')), false);
  assert.equal(isStatic(readFileSync(process.execPath).subarray(0, 4096)), false);
});

test('findContainerInit() skips missing and dynamic programs, and names the package to install', async () => {
  await assert.rejects(findContainerInit(['no-such-init', 'sh', '/etc/passwd']), {
    kind: 'system',
    code: 'program-missing',
    message: /install the Debian package "tini"$/,
  });
});

test('initArguments() makes tini a subreaper, for the pid namespace of the host', () => {
  assert.deepEqual(initArguments({ path: '/usr/bin/tini-static' }).slice(1), ['-s', '--']);
  assert.deepEqual(initArguments({ path: '/usr/libexec/podman/catatonit' }).slice(1), ['--']);
});
