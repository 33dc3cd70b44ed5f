/**
 * A plugin that fills the shared file system of all plugins.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openPluginEngine } from '@outboard/engine';
import { needsRoot } from '../support/needs-root.ts';
import { testedRuntime } from '../support/oci-runtime.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { untilState } from '../support/plugin-states.ts';
import { startProbePlugin } from '../support/probe-plugin.ts';
import { mountSmallTmpfs } from '../support/small-tmpfs.ts';

test('S10 a plugin that fills the state file system stops no other, and its removal frees the space', {
  skip: needsRoot,
}, async (context) => {
  await using disk = await mountSmallTmpfs({ bytes: 8 * 1024 * 1024 });
  const execRoot = await mkdtemp(join(tmpdir(), 'outboard-test-'));
  context.after(() => rm(execRoot, { recursive: true }));
  const engine = await openPluginEngine({
    runtime: testedRuntime(),
    dataRoot: disk.path,
    execRoot,
    backOff: { initialMs: 5, maxMs: 50 },
  });
  try {
    const other = await startProbePlugin({ engine, execRoot }, 'other');
    const greedy = await startProbePlugin({ engine, execRoot }, 'greedy');
    const { stderr } = await greedy.attempt('cat /dev/zero > /fill; echo x > /more');
    assert.match(stderr, /No space left on device/);

    // Running plugins continue, and a restart needs no write.
    assert.equal(await other.shell('echo here'), 'here');
    const { pid } = await untilState(engine, 'other', 'running');
    process.kill(pid, 'SIGKILL');
    await untilState(engine, 'other', 'running', (state) => state.pid !== pid);
    assert.equal(await other.shell('echo here'), 'here');
    // Operations that must write are refused and change nothing.
    await assert.rejects(engine.create({ name: 'third', context: pluginContext() }), /ENOSPC|no space/i);
    assert.deepEqual(
      engine
        .list()
        .map(({ name }) => name)
        .sort(),
      ['greedy:latest', 'other:latest'],
    );

    await engine.remove('greedy', { force: true });
    await engine.create({ name: 'third', context: pluginContext() });
    assert.equal(engine.state('other').status, 'running');
  } finally {
    for (const { id } of engine.list()) await engine.remove(id, { force: true });
    await engine[Symbol.asyncDispose]();
  }
});
