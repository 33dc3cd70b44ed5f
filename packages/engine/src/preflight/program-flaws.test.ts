import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { parsePluginConfig } from '../config/parse-plugin-config.ts';
import { initialSettings } from '../config/settings.ts';
import { findProgramFlaws } from './program-flaws.ts';

let rootfs: string;

before(() => {
  rootfs = mkdtempSync(join(tmpdir(), 'outboard-program-'));
  for (const [path, mode] of [
    ['usr/bin/plugin', 0o755],
    ['opt/tool', 0o755],
    ['data', 0o644],
  ] as const) {
    mkdirSync(dirname(join(rootfs, path)), { recursive: true });
    writeFileSync(join(rootfs, path), '');
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
  ['no entrypoint', {}, /^config: "Entrypoint": there is none: want the program of the plugin/],
  ['an empty entrypoint', { Entrypoint: [] }, /there is none/],
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
];

for (const [title, document, flaw] of cases) {
  test(`findProgramFlaws() ${flaw ? 'reports' : 'accepts'} ${title}`, () => {
    const { config } = parsePluginConfig(Buffer.from(JSON.stringify(document)));
    const found = findProgramFlaws({ config, settings: initialSettings(config), rootfs });
    if (flaw === undefined) assert.deepEqual(found, []);
    else assert.match(found.join('\n'), flaw);
  });
}
