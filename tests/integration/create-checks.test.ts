/**
 * Creation of plugins that can never be enabled: refused for authors, stored as in Docker for its clients.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import type { ConfigDocument } from '../support/plugin-fixture.ts';
import type { TarEntryFields } from '../support/tar.ts';
import { openTestEngine } from '../support/test-engine.ts';

/** Programs in the root filesystem, beside the default one. */
const entries: readonly TarEntryFields[] = [
  { name: 'script.sh', content: '#!/opt/bin/bash\n', mode: 0o755 },
  { name: 'dynamic', content: dynamicProgram('/opt/lib/ld-linux.so.2'), mode: 0o755 },
];

/** The beginning of a program that needs a loader. */
function dynamicProgram(loader: string): Buffer {
  const header = readFileSync('/bin/true').subarray(0, 4096);
  const end = header.indexOf('\0', header.indexOf('/lib'));
  return Buffer.from(header.toString('latin1').replace(/\/lib.*?\0/s, loader.padEnd(end, '\0')), 'latin1');
}

const cases: readonly (readonly [title: string, config: ConfigDocument, reason: RegExp])[] = [
  [
    'a program that is not in the root filesystem',
    { Entrypoint: ['/plugin'] },
    /^config: "Entrypoint": "\/plugin": rootfs\/plugin is missing$/,
  ],
  [
    'no entrypoint',
    { Entrypoint: null },
    /^config: "Entrypoint": there is none: want the program of the plugin/,
  ],
  [
    'a misspelt key',
    { Entrypont: ['/plugin.mjs'] },
    /unknown key "Entrypont" .*; did you mean "Entrypoint"\?$/,
  ],
  [
    'a script without its interpreter',
    { Entrypoint: ['/script.sh'] },
    /rootfs\/script.sh is a script of "\/opt\/bin\/bash", and "rootfs\/opt\/bin\/bash" is missing/,
  ],
  [
    'a program without its loader',
    { Entrypoint: ['/dynamic'] },
    /rootfs\/dynamic is loaded by "\/opt\/lib\/ld-linux.so.2", and "rootfs\/opt\/lib\/ld-linux.so.2" is missing/,
  ],
  [
    'a misspelt interface type',
    { Interface: { Types: ['docker.volumdriver/1.0'], Socket: 'p.sock' } },
    /"Interface.Types\[0\]": invalid value "docker.volumdriver\/1.0": want "docker.volumedriver\/1.0"$/,
  ],
  [
    'a mount without a source',
    { Mounts: [{ Name: 'm', Source: '', Destination: '/m', Type: 'bind', Options: ['rbind'] }] },
    /"Mounts\[\d\].Source": invalid value "": want a path of the host/,
  ],
];

for (const [title, config, reason] of cases) {
  test(`create refuses ${title} for an author, and accepts it from Docker clients`, {
    skip: needsRoot,
  }, async (context) => {
    const opened = await openTestEngine();
    context.after(() => opened[Symbol.asyncDispose]());
    const { engine } = opened;
    const warnings: string[] = [];
    const create = (mustRun: boolean) =>
      engine.create({
        name: 'p',
        context: pluginContext({ config, entries }),
        mustRun,
        onWarnings: (found) => warnings.push(...found),
      });
    await assert.rejects(create(true), { kind: 'invalid', message: reason });
    assert.deepEqual(engine.list(), []);
    await create(false);
    assert.equal(engine.list().length, 1);
    assert.match(warnings.join('\n'), reason);
  });
}

test('a missing program is reported before the start, and a program in a mount is found', {
  skip: needsRoot,
}, async (context) => {
  const opened = await openTestEngine();
  context.after(() => opened[Symbol.asyncDispose]());
  const { engine } = opened;
  await engine.create({ name: 'p', context: pluginContext({ config: { Entrypoint: ['/plugin'] } }) });
  // 500 as in Docker, whose runtime finds the fault: no setting is wrong.
  await assert.rejects(engine.enable('p'), {
    kind: 'system',
    code: 'preflight',
    message: 'config: "Entrypoint": "/plugin": rootfs/plugin is missing; its author must mend it',
  });
  const usual = await engine.create({ name: 'usual', context: pluginContext(), mustRun: true });
  await engine.enable('usual');
  assert.equal(engine.state(usual.id).status, 'running');
});
