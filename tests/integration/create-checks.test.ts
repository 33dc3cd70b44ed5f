/**
 * Creation of plugins that can never be enabled: refused for authors, stored as in Docker for its clients.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import type { ConfigDocument } from '../support/plugin-fixture.ts';
import { openTestEngine } from '../support/test-engine.ts';

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
];

for (const [title, config, reason] of cases) {
  test(`create refuses ${title} for an author, and accepts it from Docker clients`, {
    skip: needsRoot,
  }, async (context) => {
    const opened = await openTestEngine();
    context.after(() => opened[Symbol.asyncDispose]());
    const { engine } = opened;
    const create = (mustRun: boolean) =>
      engine.create({ name: 'p', context: pluginContext({ config }), mustRun });
    await assert.rejects(create(true), { kind: 'invalid', message: reason });
    assert.deepEqual(engine.list(), []);
    await create(false);
    assert.equal(engine.list().length, 1);
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
