import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hostPlatform } from '@outboard/oci';
import { architectureOf, readProgramArchitecture } from './program-architecture.ts';

/** The beginning of an ELF file. */
function elf(machine: number, byteOrder: 1 | 2 = 1): Buffer {
  const header = Buffer.alloc(64);
  header.write('\x7fELF', 'latin1');
  header[5] = byteOrder;
  if (byteOrder === 1) header.writeUInt16LE(machine, 18);
  else header.writeUInt16BE(machine, 18);
  return header;
}

for (const [name, header, architecture] of [
  ['an amd64 program', elf(62), 'amd64'],
  ['an arm64 program', elf(183), 'arm64'],
  ['a big-endian ppc64 program', elf(21, 2), 'ppc64'],
  ['a little-endian ppc64 program', elf(21), 'ppc64le'],
  ['an s390x program', elf(22, 2), 's390x'],
  ['a processor that nobody knows', elf(65_000), undefined],
  ['a header that is cut', elf(62).subarray(0, 19), undefined],
  ['text', Buffer.from('hello world, this is a text'), undefined],
] as const) {
  test(`architectureOf() tells ${name}`, () => assert.equal(architectureOf(header), architecture));
}

function makeRootfs(t: TestContext): string {
  const rootfs = mkdtempSync(join(tmpdir(), 'outboard-arch-'));
  t.after(() => rmSync(rootfs, { recursive: true }));
  mkdirSync(join(rootfs, 'bin'));
  return rootfs;
}

test('readProgramArchitecture() follows links inside the plugin, and a script to its interpreter', async (t) => {
  const rootfs = makeRootfs(t);
  writeFileSync(join(rootfs, 'bin/real'), elf(183));
  symlinkSync('/bin/real', join(rootfs, 'bin/sh'));
  writeFileSync(join(rootfs, 'plugin'), '#! /bin/sh -e\necho');
  assert.equal(await readProgramArchitecture(rootfs, '/plugin'), 'arm64');
  assert.equal(await readProgramArchitecture(rootfs, '/bin/sh'), 'arm64');
});

test('I12 readProgramArchitecture() reads nothing of the host, and waits for no pipe', async (t) => {
  const rootfs = makeRootfs(t);
  symlinkSync(`../../../../../../..${process.execPath}`, join(rootfs, 'climbs'));
  execFileSync('mkfifo', [join(rootfs, 'pipe')]);
  for (const path of ['/climbs', '/pipe', '/absent', '/bin', '/plugin/below', 'bin/sh', '']) {
    assert.equal(await readProgramArchitecture(rootfs, path), undefined, path);
  }
});

test("readProgramArchitecture() of a program of this host is the host's", async () => {
  const place = process.execPath;
  assert.equal(await readProgramArchitecture('/', place), hostPlatform().architecture);
});
