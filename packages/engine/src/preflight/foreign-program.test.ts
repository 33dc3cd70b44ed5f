import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hostMounts } from '@outboard/container';
import { hostPlatform } from '@outboard/oci';
import { parsePluginConfig } from '../config/parse-plugin-config.ts';
import { initialSettings } from '../config/settings.ts';
import { parseHandler, readEmulators } from './emulators.ts';
import { findForeignProgram, requireArchitecture } from './foreign-program.ts';

const foreign = hostPlatform().architecture === 's390x' ? 'riscv64' : 's390x';
const magic = (machine: string) => `7f454c460202010000000000000000000002${machine}`;
const handler = (lines: readonly string[]) => `${lines.join('\n')}\n`;
const qemu = [
  'enabled',
  'interpreter /usr/bin/qemu',
  'flags: OCF',
  'offset 0',
  `magic ${magic('0016')}`,
  'mask ff',
];

for (const [name, text, emulator] of [
  ['that is held', handler(qemu), { architecture: 's390x', interpreter: '/usr/bin/qemu', isHeld: true }],
  [
    'that is not held',
    handler(qemu).replace('OCF', ''),
    { architecture: 's390x', interpreter: '/usr/bin/qemu', isHeld: false },
  ],
  ['that is disabled', handler(qemu).replace('enabled', 'disabled'), undefined],
  ['of another processor', handler(qemu).replace(magic('0016'), magic('fff0')), undefined],
  [
    'that is found by a suffix',
    handler(['enabled', 'interpreter /x', 'flags: ', 'extension .jar']),
    undefined,
  ],
  ['with another offset', handler(qemu).replace('offset 0', 'offset 4'), undefined],
  ['that is gone', '', undefined],
] as const) {
  test(`parseHandler() of a handler ${name}`, () => assert.deepEqual(parseHandler(text), emulator));
}

function makePlugin(t: TestContext, program: Buffer) {
  const rootfs = mkdtempSync(join(tmpdir(), 'outboard-foreign-'));
  t.after(() => rmSync(rootfs, { recursive: true }));
  mkdirSync(join(rootfs, 'bin'));
  writeFileSync(join(rootfs, 'bin/real'), program, { mode: 0o755 });
  writeFileSync(join(rootfs, 'bin/script'), '#!real\n', { mode: 0o755 });
  writeFileSync(join(rootfs, 'bin/plugin'), '#!/bin/script\n', { mode: 0o755 });
  const document = {
    description: 'p',
    interface: { types: [], socket: 'p.sock' },
    entrypoint: ['plugin'],
    workdir: '/bin',
  };
  const { config } = parsePluginConfig(Buffer.from(JSON.stringify(document)));
  return { rootfs, config, settings: initialSettings(config) };
}

function elf(bytes: readonly number[]): Buffer {
  return Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(14), Buffer.from(bytes), Buffer.alloc(64)]);
}

/** A program for `foreign`. */
const foreignProgram = () => {
  const program = elf(foreign === 's390x' ? [0, 22] : [243, 0]);
  program[5] = foreign === 's390x' ? 2 : 1;
  return program;
};

test('findForeignProgram() follows scripts of scripts, and tells what cannot run here', async (t) => {
  const plugin = makePlugin(t, foreignProgram());
  assert.deepEqual(await findForeignProgram(plugin, []), {
    architecture: foreign,
    host: hostPlatform().architecture,
    isCertain: false,
  });
  const unknown = makePlugin(t, Buffer.from('text'));
  assert.equal(await findForeignProgram(unknown, []), undefined);
});

test('requireArchitecture() takes what was asked for, and refuses the rest in plain words', async (t) => {
  const plugin = makePlugin(t, foreignProgram());
  await requireArchitecture(plugin, `linux/${foreign}`);
  await assert.rejects(requireArchitecture(plugin, 'linux/arm64'), {
    kind: 'invalid',
    code: 'other-platform',
    message: `the plugin is for another platform: its program is built for ${foreign}, and linux/arm64 was asked for`,
  });
});

test('requireArchitecture() refuses what this host cannot run, and names the flag that permits it', async (t) => {
  const emulators = await readEmulators(await hostMounts.read());
  const isEmulated = emulators?.some(({ architecture }) => architecture === foreign) === true;
  const plugin = makePlugin(t, foreignProgram());
  const refused = requireArchitecture(plugin, undefined);
  if (isEmulated) await refused;
  else
    await assert.rejects(
      refused,
      new RegExp(`, or --platform linux/${foreign} to install this one all the same$`),
    );
});

test('readEmulators() reads nothing unless the file system is mounted', async () => {
  assert.equal(await readEmulators([], '/nonexistent'), undefined);
});
