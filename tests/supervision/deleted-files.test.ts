/**
 * Files of the exec root that are deleted while plugins run: a plugin that became unreachable is noticed and restarted.
 */
import assert from 'node:assert/strict';
import { readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { needsRoot } from '../support/needs-root.ts';
import { fixtureSocket } from '../support/plugin-fixture.ts';
import { untilState } from '../support/plugin-states.ts';
import { startProbePlugin } from '../support/probe-plugin.ts';
import { openTestEngine } from '../support/test-engine.ts';

const skip = needsRoot;

const parts: readonly (readonly [
  name: string,
  remove: (execRoot: string, id: string) => void,
  reason: RegExp,
])[] = [
  [
    'its socket directory',
    (execRoot, id) => rmSync(join(execRoot, 'plugins', id), { recursive: true }),
    /the directory of its socket, "\/.*", was deleted$/,
  ],
  [
    'its socket alone',
    (execRoot, id) => rmSync(join(execRoot, 'plugins', id, fixtureSocket)),
    /its socket, "\/.*", was deleted$/,
  ],
  [
    'its bundle',
    (execRoot, id) => rmSync(join(execRoot, 'bundles', id), { recursive: true }),
    /its bundle, "\/.*", was deleted$/,
  ],
  [
    'everything',
    (execRoot) => {
      for (const name of readdirSync(execRoot)) rmSync(join(execRoot, name), { recursive: true });
    },
    /the directory of its socket, "\/.*", was deleted$/,
  ],
];

for (const [name, remove, reason] of parts) {
  test(`a running plugin that loses ${name} is restarted, with the reason`, { skip }, async () => {
    await using opened = await openTestEngine({ backOff: { initialMs: 1 } });
    const { engine, execRoot } = opened;
    const plugin = await startProbePlugin(opened, 'cut-off');
    const { pid } = await untilState(engine, 'cut-off', 'running');
    remove(execRoot, plugin.id);
    await untilState(engine, 'cut-off', 'running', (state) => state.pid !== pid);
    assert.equal(await plugin.shell('echo answers'), 'answers');
    const { lastFailure } = await engine.status('cut-off');
    assert.match(lastFailure?.reason ?? '', /^the plugin was stopped because /);
    assert.match(lastFailure?.reason ?? '', reason);
  });

  test(`a plugin that loses ${name} while no daemon runs is restarted by the next daemon`, {
    skip,
  }, async () => {
    await using opened = await openTestEngine({ backOff: { initialMs: 1 } });
    const { execRoot } = opened;
    const plugin = await startProbePlugin(opened, 'cut-off');
    const { pid } = await untilState(opened.engine, 'cut-off', 'running');
    const next = await opened.reopen(() => remove(execRoot, plugin.id));
    await untilState(next, 'cut-off', 'running', (state) => state.pid !== pid);
    assert.equal(await plugin.shell('echo answers'), 'answers');
  });
}

test('a plugin without a restart policy reports the loss of its socket directory', {
  skip,
}, async () => {
  await using opened = await openTestEngine();
  const { engine, execRoot } = opened;
  const plugin = await startProbePlugin(opened, 'cut-off');
  await engine.update('cut-off', { restart: { name: 'no' } });
  rmSync(join(execRoot, 'plugins', plugin.id), { recursive: true });
  const { reason } = await untilState(engine, 'cut-off', 'unhealthy');
  assert.match(reason, /^the directory of its socket, ".*", was deleted$/);
  await engine.restart('cut-off');
  assert.equal(await plugin.shell('echo answers'), 'answers');
});

test('a plugin without a restart policy is healthy again when its socket is back', { skip }, async () => {
  await using opened = await openTestEngine();
  const { engine } = opened;
  const plugin = await startProbePlugin(opened, 'cut-off');
  await engine.update('cut-off', { restart: { name: 'no' } });
  const { pid } = await untilState(engine, 'cut-off', 'running');
  renameSync(plugin.socket, `${plugin.socket}.away`);
  const { reason } = await untilState(engine, 'cut-off', 'unhealthy');
  assert.match(reason, /^its socket, ".*", was deleted$/);
  renameSync(`${plugin.socket}.away`, plugin.socket);
  await untilState(engine, 'cut-off', 'running', (state) => state.pid === pid);
});
