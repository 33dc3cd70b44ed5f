/**
 * Plugins that misbehave, in real containers: their states and the errors of the engine.
 */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { snapshotHost } from '../support/host-snapshot.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { fixtureSocket, volumePluginScript } from '../support/plugin-fixture.ts';
import { untilState } from '../support/plugin-states.ts';
import { untilGone } from '../support/restartable-daemon.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const skip = needsRoot;

/** An engine without back-off, so that no test waits for it. */
async function openEngine(context: TestContext): Promise<TestEngine> {
  const opened = await openTestEngine({ backOff: { initialMs: 5, maxMs: 50 } });
  context.after(() => opened[Symbol.asyncDispose]());
  return opened;
}

async function create({ engine }: TestEngine, name: string, script: string): Promise<string> {
  return (await engine.create({ name, context: pluginContext({ script }) })).id;
}

/** A volume driver with further reactions to signals. */
const withSignals = (handlers: string) => `${volumePluginScript}\n${handlers}`;
/** Runs without a socket. */
const silent = `console.log('waiting for the database'); setInterval(() => {}, 1000);
  process.on('SIGTERM', () => process.exit(0));`;

test('S02 a plugin that never opens its socket is not enabled, and the reason stays visible', {
  skip,
}, async (context) => {
  const opened = await openEngine(context);
  await create(opened, 'silent', silent);
  await assert.rejects(opened.engine.enable('silent', { timeoutSeconds: 1 }), {
    kind: 'system',
    message: /did not accept a connection within 1 s; its last log lines: "waiting for the database"$/,
  });
  for (const engine of [opened.engine, await opened.reopen()]) {
    const { plugin, state, lastFailure } = await engine.status('silent');
    assert.deepEqual([plugin.enabled, state.status], [false, 'disabled']);
    assert.deepEqual(lastFailure?.log, ['waiting for the database']);
    assert.match(lastFailure?.reason ?? '', /within 1 s$/);
  }
});

test('S03 a plugin that opens its socket late is enabled', { skip }, async (context) => {
  const opened = await openEngine(context);
  await create(opened, 'late', `await new Promise((go) => setTimeout(go, 3_000));\n${volumePluginScript}`);
  await opened.engine.enable('late');
  assert.equal(opened.engine.state('late').status, 'running');
});

test('S01 an exit at the start is reported with its code, and a plugin that always exits is retried', {
  skip,
}, async (context) => {
  const opened = await openEngine(context);
  const { engine, dataRoot } = opened;
  const id = await create(
    opened,
    'crashes',
    `import { existsSync } from 'node:fs';
     if (existsSync('/broken')) { console.error('no such bucket'); process.exit(3); }
     ${withSignals("process.on('SIGUSR1', () => process.exit(1));")}`,
  );
  const broken = join(dataRoot, 'plugins', id, 'rootfs', 'broken');
  writeFileSync(broken, '');
  await assert.rejects(engine.enable('crashes'), {
    message: /exited with code 3 before its socket accepted a connection; .*"no such bucket"$/,
  });
  rmSync(broken);
  await engine.enable('crashes');
  writeFileSync(broken, '');
  process.kill((await untilState(engine, 'crashes', 'running')).pid, 'SIGUSR1');
  await untilState(engine, 'crashes', 'backing-off', ({ restarts }) => restarts >= 3);
  // It stays enabled, also in Docker's API.
  assert.equal(engine.inspect('crashes').enabled, true);
  const { lastFailure } = await engine.status('crashes');
  assert.deepEqual(lastFailure?.exit, { code: 3, outOfMemory: false });
  assert.deepEqual(lastFailure?.log, ['no such bucket']);
  rmSync(broken);
  await untilState(engine, 'crashes', 'running');
});

test('a plugin that failed permanently is started by restart(), but not by enable()', {
  skip,
}, async (context) => {
  const opened = await openEngine(context);
  const { engine } = opened;
  await create(opened, 'once', withSignals("process.on('SIGUSR1', () => process.exit(1));"));
  await assert.rejects(engine.restart('once'), {
    kind: 'conflict',
    message: /is disabled: start it with outboard enable once/,
  });
  await engine.update('once', { restart: { name: 'no' } });
  await engine.enable('once');
  process.kill((await untilState(engine, 'once', 'running')).pid, 'SIGUSR1');
  await untilState(engine, 'once', 'failed');
  await assert.rejects(engine.enable('once'), { kind: 'conflict', message: /^plugin already enabled/ });
  await engine.restart('once');
  assert.equal(engine.state('once').status, 'running');
});

test('a running plugin in use is restarted by force only', { skip }, async (context) => {
  const opened = await openEngine(context);
  const { engine } = opened;
  const id = await create(opened, 'used', volumePluginScript);
  await engine.enable('used');
  await engine.references.add(id, { kind: 'client', holder: 'podman' });
  const { pid } = await untilState(engine, 'used', 'running');
  await assert.rejects(engine.restart('used'), { kind: 'conflict', code: 'in-use' });
  await engine.restart('used', { force: true });
  assert.notEqual((await untilState(engine, 'used', 'running')).pid, pid);
  assert.equal(engine.references.of(id).length, 1);
});

test('S04 a hanging plugin is detected by its health check and restarted', {
  skip,
}, async (context) => {
  const opened = await openEngine(context);
  const { engine } = opened;
  await create(opened, 'hangs', volumePluginScript);
  await engine.update('hangs', {
    health: { kind: 'http', intervalSeconds: 0.05, timeoutSeconds: 0.5, retries: 1, restarts: true },
    stopTimeoutSeconds: 1,
  });
  await engine.enable('hangs');
  assert.equal((await engine.status('hangs')).health, 'healthy');
  const { pid } = await untilState(engine, 'hangs', 'running');
  process.kill(pid, 'SIGSTOP');
  await untilState(engine, 'hangs', 'unhealthy');
  assert.equal((await engine.status('hangs')).health, 'unhealthy');
  await untilState(engine, 'hangs', 'running', (state) => state.pid !== pid);
  assert.match((await engine.status('hangs')).lastFailure?.reason ?? '', /was unhealthy: no answer within/);
});

test('S04 a hanging plugin delays no list, start, stop or call of another', {
  skip,
}, async (context) => {
  const opened = await openEngine(context);
  const { engine } = opened;
  await create(opened, 'hung', volumePluginScript);
  await create(opened, 'well', volumePluginScript);
  await engine.enable('hung');
  process.kill((await untilState(engine, 'hung', 'running')).pid, 'SIGSTOP');
  // More unanswered calls than there are threads for files.
  const { client } = await engine.drivers.find('hung', 'volumedriver');
  const leaving = new AbortController();
  const calls = Array.from({ length: 8 }, () =>
    client.call('VolumeDriver.List', {}, { signal: leaving.signal }),
  );
  const ended = Promise.allSettled(calls);

  await engine.enable('well');
  const { client: other } = await engine.drivers.find('well', 'volumedriver');
  await other.call('VolumeDriver.List', {});
  assert.deepEqual(
    (await engine.statuses()).map(({ plugin, state }) => `${plugin.name} ${state.status}`),
    ['hung:latest running', 'well:latest running'],
  );
  await engine.disable('well');
  leaving.abort();
  await ended;
  await engine.update('hung', { stopTimeoutSeconds: 0 });
  await engine.disable('hung');
});

test('S06 S07 disable() ends a plugin that ignores SIGTERM, with its daemonized processes', {
  skip,
}, async (context) => {
  const opened = await openEngine(context);
  const { engine, execRoot } = opened;
  const id = await create(
    opened,
    'stubborn',
    `import { spawn } from 'node:child_process';
     const child = 'trap "" TERM; (trap "" TERM; sleep 1000 & wait) & while :; do sleep 1000; done';
     spawn('/bin/sh', ['-c', child], { detached: true, stdio: 'ignore' }).unref();
     ${withSignals("process.removeAllListeners('SIGTERM').on('SIGTERM', () => {});")}`,
  );
  await engine.update('stubborn', { stopTimeoutSeconds: 1 });
  await engine.enable('stubborn');
  const { pid } = await untilState(engine, 'stubborn', 'running');
  await engine.disable('stubborn');
  await untilGone(pid);
  const left = snapshotHost(execRoot, { plugins: [id] });
  assert.deepEqual([left.processes, left.cgroups, left.mounts], [[], [], []]);
});

test('S08 an out-of-memory kill of a plugin is reported, and the plugin is restarted', {
  skip,
}, async (context) => {
  const opened = await openEngine(context);
  const { engine } = opened;
  const eats =
    "process.on('SIGUSR1', () => { for (const all = []; ; ) all.push(Buffer.alloc(2 ** 24, 1)); });";
  await create(opened, 'eats', withSignals(eats));
  await engine.update('eats', { limits: { memoryBytes: 200 * 2 ** 20 } });
  await engine.enable('eats');
  process.kill((await untilState(engine, 'eats', 'running')).pid, 'SIGUSR1');
  await untilState(engine, 'eats', 'running', ({ restarts }) => restarts === 1);
  const { lastFailure } = await engine.status('eats');
  assert.equal(lastFailure?.reason, 'the plugin was killed because it ran out of memory');
  assert.deepEqual(lastFailure?.exit, { code: 137, signal: 'SIGKILL', outOfMemory: true });
});

test('S12 a plugin whose monitor is killed is ended, reported with this reason and restarted', {
  skip,
}, async (context) => {
  const opened = await openEngine(context);
  const { engine, execRoot } = opened;
  const id = await create(opened, 'lonely', volumePluginScript);
  await engine.enable('lonely');
  const { pid } = await untilState(engine, 'lonely', 'running');
  const run = JSON.parse(readFileSync(join(execRoot, 'bundles', id, 'run.json'), 'utf8'));
  process.kill(run.monitor.pid, 'SIGKILL');
  await untilState(engine, 'lonely', 'running', ({ restarts }) => restarts === 1);
  await untilGone(pid);
  const { lastFailure } = await engine.status('lonely');
  assert.equal(lastFailure?.reason, 'the plugin ended, and no one knows how: its monitor had gone');
});

test('I09 a running plugin that deletes its socket is unhealthy', { skip }, async (context) => {
  const opened = await openEngine(context);
  const { engine } = opened;
  await create(
    opened,
    'hides',
    `import { rmSync } from 'node:fs';
     ${withSignals(`process.on('SIGUSR1', () => rmSync('/run/docker/plugins/${fixtureSocket}'));`)}`,
  );
  await engine.update('hides', { health: { kind: 'socket', intervalSeconds: 0.05, retries: 1 } });
  await engine.enable('hides');
  process.kill((await untilState(engine, 'hides', 'running')).pid, 'SIGUSR1');
  assert.match((await untilState(engine, 'hides', 'unhealthy')).reason, /no such file or directory$/);
});
