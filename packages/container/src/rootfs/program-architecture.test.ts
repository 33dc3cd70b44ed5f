import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hostPlatform } from '@outboard/oci';
import { architectureOf } from './elf-architecture.ts';
import type { ProgramSearch } from './find-program.ts';
import { readProgramArchitecture } from './program-architecture.ts';

/** First bytes of an ELF file. */
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
  test(`architectureOf() returns ${name}`, () => assert.equal(architectureOf(header), architecture));
}

function makeRootfs(t: TestContext): string {
  const rootfs = mkdtempSync(join(tmpdir(), 'outboard-arch-'));
  t.after(() => rmSync(rootfs, { recursive: true }));
  mkdirSync(join(rootfs, 'bin'));
  return rootfs;
}

/** A program that is named by its path. */
function at(name: string): ProgramSearch {
  return { name, workDir: '/', env: [] };
}

test('readProgramArchitecture() follows links inside the root, and a script to its interpreter', async (t) => {
  const rootfs = makeRootfs(t);
  mkdirSync(join(rootfs, 'usr/bin'), { recursive: true });
  writeFileSync(join(rootfs, 'usr/bin/real'), elf(183));
  symlinkSync('usr/bin', join(rootfs, 'sbin'));
  symlinkSync('/sbin/real', join(rootfs, 'usr/bin/sh'));
  symlinkSync('../../../../sbin/./sh', join(rootfs, 'bin/dash'));
  writeFileSync(join(rootfs, 'plugin'), '#! /bin/dash -e\necho');
  for (const path of ['/usr/bin/real', '/sbin/sh', '/bin/dash', '/plugin']) {
    assert.equal(await readProgramArchitecture(rootfs, at(path)), 'arm64', path);
  }
});

test('readProgramArchitecture() finds a program as the runtime does, in PATH or from the working directory', async (t) => {
  const rootfs = makeRootfs(t);
  for (const directory of ['opt/bin', 'usr/bin']) mkdirSync(join(rootfs, directory), { recursive: true });
  writeFileSync(join(rootfs, 'bin/plugin'), elf(62), { mode: 0o755 });
  writeFileSync(join(rootfs, 'usr/bin/plugin'), elf(183), { mode: 0o644 });
  writeFileSync(join(rootfs, 'opt/bin/plugin'), elf(22, 2), { mode: 0o755 });
  for (const [program, architecture] of [
    [{ name: 'plugin', workDir: '/', env: [] }, 'amd64'],
    [{ name: 'plugin', workDir: '/', env: ['PATH=/absent:/opt/bin:/bin'] }, 's390x'],
    [{ name: 'plugin', workDir: '/opt', env: ['PATH=bin'] }, 's390x'],
    [{ name: 'plugin', workDir: '/bin', env: ['PATH='] }, 'amd64'],
    [{ name: 'plugin', workDir: '/', env: ['PATH=/absent'] }, undefined],
    [{ name: 'bin/plugin', workDir: '/opt', env: [] }, 's390x'],
    [{ name: './plugin', workDir: '/opt/bin', env: [] }, 's390x'],
    [{ name: 'absent', workDir: '/', env: [] }, undefined],
    [{ name: '', workDir: '/', env: [] }, undefined],
  ] as const) {
    assert.equal(await readProgramArchitecture(rootfs, program), architecture, JSON.stringify(program));
  }
});

test('I12 readProgramArchitecture() reads nothing of the host, and opens no pipe', async (t) => {
  const rootfs = makeRootfs(t);
  symlinkSync(`../../../../../../..${process.execPath}`, join(rootfs, 'climbs'));
  symlinkSync('circle', join(rootfs, 'circle'));
  execFileSync('mkfifo', [join(rootfs, 'pipe')]);
  for (const path of ['/climbs', '/circle', '/pipe', '/absent', '/bin', '/plugin/below', '']) {
    assert.equal(await readProgramArchitecture(rootfs, at(path)), undefined, path);
  }
});

test("readProgramArchitecture() of a program of this host is the host's", async () => {
  assert.equal(await readProgramArchitecture('/', at(process.execPath)), hostPlatform().architecture);
});
