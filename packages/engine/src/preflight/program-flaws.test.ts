import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { hostPlatform } from '@outboard/oci';
import { messagesOf } from '../config/config-finding.ts';
import { parsePluginConfig } from '../config/parse-plugin-config.ts';
import { initialSettings } from '../config/settings.ts';
import { findProgramFlaws } from './program-flaws.ts';

let rootfs: string;

/** A program for this host, unless another machine is given. */
function elf({ machine, loader }: { readonly machine?: number; readonly loader?: string } = {}): Buffer {
  const header = Buffer.alloc(256);
  header.write('\x7fELF\x02\x01', 'latin1');
  header.writeUInt16LE(machine ?? (hostPlatform().architecture === 'arm64' ? 183 : 62), 18);
  if (loader === undefined) return header;
  header.writeBigUInt64LE(64n, 0x20);
  header.writeUInt16LE(56, 0x36);
  header.writeUInt16LE(1, 0x38);
  header.writeUInt32LE(3, 64);
  header.writeBigUInt64LE(120n, 72);
  header.writeBigUInt64LE(BigInt(loader.length + 1), 96);
  header.write(loader, 120);
  return header;
}

before(() => {
  rootfs = mkdtempSync(join(tmpdir(), 'outboard-program-'));
  for (const [path, mode, content] of [
    ['usr/bin/plugin', 0o755, elf()],
    ['opt/tool', 0o755, elf()],
    ['data', 0o644, ''],
    ['script', 0o755, '#!/bin/plugin -x\necho'],
    ['script-of-script', 0o755, '#! /script\n'],
    ['script-without-shell', 0o755, '#!/bin/bash\n'],
    ['script-of-windows', 0o755, '#!/bin/plugin\r\n'],
    ['script-of-data', 0o755, '#!/data\n'],
    ['script-of-itself', 0o755, '#!/script-of-itself\n'],
    ['script-of-mount', 0o755, '#!/mnt/host/bin/sh\n'],
    ['text', 0o755, 'echo hello'],
    ['dynamic', 0o755, elf({ loader: '/lib64/ld-linux-x86-64.so.2' })],
    ['loaded', 0o755, elf({ loader: '/opt/tool' })],
    ['foreign', 0o755, elf({ machine: 22, loader: '/opt/tool' })],
  ] as const) {
    mkdirSync(dirname(join(rootfs, path)), { recursive: true });
    writeFileSync(join(rootfs, path), content);
    chmodSync(join(rootfs, path), mode);
  }
  mkdirSync(join(rootfs, 'directory'));
  symlinkSync('usr/bin', join(rootfs, 'bin'));
  symlinkSync('/opt/tool', join(rootfs, 'linked'));
  symlinkSync('nowhere', join(rootfs, 'dangling'));
});
after(() => rmSync(rootfs, { recursive: true }));

const mount = { Name: 'm', Source: '/usr', Destination: '/mnt/host', Type: 'bind', Options: ['rbind'] };

const cases: readonly (readonly [title: string, config: object, flaw: RegExp | undefined])[] = [
  ['an absolute path', { Entrypoint: ['/usr/bin/plugin'] }, undefined],
  ['a path through a link to a directory', { Entrypoint: ['/bin/plugin'] }, undefined],
  ['a link', { Entrypoint: ['/linked', 'argument'] }, undefined],
  ['a name in PATH', { Entrypoint: ['plugin'] }, undefined],
  ['a name in its own PATH', { Entrypoint: ['tool'], Env: [{ Name: 'PATH', Value: '/opt' }] }, undefined],
  ['a path from its working directory', { Entrypoint: ['./tool'], WorkDir: '/opt' }, undefined],
  ['a program in a mount', { Entrypoint: ['/mnt/host/bin/x'], Mounts: [mount] }, undefined],
  ['a program in its propagated mount', { Entrypoint: ['/p/x'], PropagatedMount: '/p' }, undefined],
  ['no entrypoint, which is a fault of the config', {}, undefined],
  [
    'a program that is not there',
    { Entrypoint: ['/plugin'] },
    /^config: "Entrypoint": "\/plugin": rootfs\/plugin is missing$/,
  ],
  ['a link to nothing', { Entrypoint: ['/dangling'] }, /rootfs\/dangling is missing/],
  ['a path below a file', { Entrypoint: ['/data/plugin'] }, /rootfs\/data\/plugin is missing/],
  ['a path from /', { Entrypoint: ['./tool'] }, /rootfs\/tool is missing/],
  [
    'a name that is nowhere in PATH',
    { Entrypoint: ['absent'] },
    /"absent": it is in none of the directories of PATH: rootfs\/usr\/local\/sbin\/absent, .*, … are missing$/,
  ],
  ['a file without the permission', { Entrypoint: ['/data'] }, /rootfs\/data is not a file that can be run/],
  ['a directory', { Entrypoint: ['/directory'] }, /rootfs\/directory is not a file that can be run/],
  ['a script with its interpreter', { Entrypoint: ['/script'] }, undefined],
  ['a script of a script', { Entrypoint: ['/script-of-script'] }, undefined],
  [
    'a script whose interpreter may be in a mount',
    { Entrypoint: ['/script-of-mount'], Mounts: [mount] },
    undefined,
  ],
  [
    'a script without its interpreter',
    { Entrypoint: ['/script-without-shell'] },
    /^config: "Entrypoint": "\/script-without-shell": rootfs\/script-without-shell is a script of "\/bin\/bash", and "rootfs\/bin\/bash" is missing: add it$/,
  ],
  [
    'a script with line ends of Windows',
    { Entrypoint: ['/script-of-windows'] },
    /is missing: add it; the first line must end with a line feed alone$/,
  ],
  ['a script of data', { Entrypoint: ['/script-of-data'] }, /"rootfs\/data" is not a file that can be run/],
  ['a script of itself', { Entrypoint: ['/script-of-itself'] }, /are scripts themselves, more than 4 deep/],
  ['a text', { Entrypoint: ['/text'] }, /rootfs\/text is neither a program of Linux nor a script/],
  ['a program with its loader', { Entrypoint: ['/loaded'] }, undefined],
  [
    'a program without its loader',
    { Entrypoint: ['/dynamic'] },
    /rootfs\/dynamic is loaded by "\/lib64\/ld-linux-x86-64.so.2", and "rootfs\/lib64\/ld-linux-x86-64.so.2" is missing: add it with the libraries, or link/,
  ],
  [
    'a program of another architecture',
    { Entrypoint: ['/foreign'] },
    /rootfs\/foreign is built for s390x, and this host is \w+$/,
  ],
];

for (const [title, document, flaw] of cases) {
  test(`findProgramFlaws() ${flaw ? 'reports' : 'accepts'} ${title}`, async () => {
    const { config } = parsePluginConfig(Buffer.from(JSON.stringify(document)));
    const flaws = await findProgramFlaws({ config, settings: initialSettings(config), rootfs });
    const found = messagesOf(flaws);
    if (flaw === undefined) assert.deepEqual(found, []);
    else assert.match(found.join('\n'), flaw);
  });
}
