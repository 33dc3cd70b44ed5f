/**
 * Plugins that resist their stop. When `disable` answers, none of their processes is left.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertHostUnchanged, snapshotHost } from '../support/host-snapshot.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { fixtureSocket } from '../support/plugin-fixture.ts';
import { startProbePlugin } from '../support/probe-plugin.ts';
import { openTestEngine } from '../support/test-engine.ts';

const skip = needsRoot;

/** Pids of running processes of a plugin, found by a namespace that none of them can leave. */
function processesOf(id: string): readonly number[] {
  // On a systemd host, the scope of its monitor has the ID in its name, too.
  const isOfPlugin = (cgroups: string) => cgroups.includes(id) && !cgroups.includes('conmon');
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isRunning(name) && isOfPlugin(readProc(name, 'cgroup')))
    .map(Number);
}

/** A killed process may be a zombie until its parent reaps it. */
function isRunning(pid: string): boolean {
  const state = / ([A-Z]) [^)]*$/.exec(readProc(pid, 'stat'))?.[1];
  return state !== undefined && state !== 'Z' && state !== 'X';
}

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(join('/proc', pid, file), 'utf8');
  } catch {
    return ''; // It has ended meanwhile.
  }
}

test('S06 a forced removal waits neither for the stop time nor for a stop under way', {
  skip,
}, async () => {
  await using opened = await openTestEngine();
  const { engine } = opened;
  const script = `
    import { createServer } from 'node:net';
    process.on('SIGTERM', () => {});
    createServer().listen('/run/docker/plugins/${fixtureSocket}');
  `;
  const names = ['stopping', 'running'];
  for (const name of names) {
    await engine.create({ name, context: pluginContext({ script }) });
    await engine.update(name, { stopTimeoutSeconds: 86_400 });
    await engine.enable(name);
  }
  const disabled = engine.disable('stopping');
  await Promise.all(names.map((name) => engine.remove(name, { force: true })));
  await disabled;
  assert.deepEqual(engine.list(), []);
});

test('S06 plugins that ignore SIGTERM, or are stopped, are killed after the grace', { skip }, async () => {
  await using opened = await openTestEngine();
  const { engine, dataRoot } = opened;
  const script = (onReady: string) => `
    import { createServer } from 'node:net';
    process.on('SIGTERM', () => {});
    createServer().listen('/run/docker/plugins/${fixtureSocket}');
    ${onReady}
  `;
  const before = snapshotHost(join(dataRoot, '..'));
  const scripts = {
    deaf: script(''),
    stopped: script(`setTimeout(() => process.kill(process.pid, 'SIGSTOP'), 500);`),
  };
  const ids: string[] = [];
  for (const [name, text] of Object.entries(scripts)) {
    ids.push((await engine.create({ name, context: pluginContext({ script: text }) })).id);
    await engine.enable(name);
  }
  const [running] = ids.map(processesOf);
  assert.equal(running?.length, 1);
  await Promise.all(Object.keys(scripts).map((name) => engine.disable(name)));
  assertHostUnchanged(before, { plugins: ids });
});

test('S07 children that left the plugin\u2019s session, in the pid namespace of the host, end with it', {
  skip,
}, async () => {
  await using opened = await openTestEngine();
  const before = snapshotHost(join(opened.dataRoot, '..'));
  const plugin = await startProbePlugin(opened, 'forks', { config: { PidHost: true } });
  await plugin.shell('(setsid sh -c "trap : TERM HUP; sleep 1000 & sleep 1000" >/dev/null 2>&1 &)');
  const pids = processesOf(plugin.id);
  assert.ok(pids.length >= 4, `want the plugin, a shell and two children: ${pids}`);
  await opened.engine.disable('forks');
  assert.deepEqual(processesOf(plugin.id), []);
  assertHostUnchanged(before, { plugins: [plugin.id] });
});

test('S07 no process of a plugin survives its first process', { skip }, async () => {
  await using opened = await openTestEngine();
  const plugin = await startProbePlugin(opened, 'dies', { config: { PidHost: true } });
  await plugin.shell('(setsid sleep 1000 >/dev/null 2>&1 &)');
  const [first] = processesOf(plugin.id);
  assert.ok(first !== undefined);
  process.kill(first, 'SIGKILL');
  await opened.engine.disable('dies');
  assert.deepEqual(processesOf(plugin.id), []);
});
