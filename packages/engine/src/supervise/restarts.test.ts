import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRunning } from '@outboard/container/testing';
import type { PluginRecord } from '../config/plugin-config.ts';
import type { PluginOptions } from '../config/plugin-options.ts';
import { createSupervisorFixture, listening } from '../testing/supervisor-fixture.ts';

function withOptions(record: PluginRecord, options: PluginOptions): PluginRecord {
  return { ...record, overrides: options };
}

/** A volume plugin that answers, and hangs from SIGUSR1 to SIGUSR2. */
const answering = `
import { createServer } from 'node:http';
let hangs = false;
process.on('SIGUSR1', () => { hangs = true; }).on('SIGUSR2', () => { hangs = false; });
process.on('SIGTERM', () => process.exit(0));
createServer((_, response) => { if (!hangs) response.end('{}'); }).listen('/run/docker/plugins/plugin.sock');
`;

const health = { kind: 'http', intervalSeconds: 0.02, timeoutSeconds: 0.1, retries: 2 } as const;

test('S04 a plugin that hangs is unhealthy, and healthy again when it answers', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor, waitFor } = await fixture.open();
  const record = withOptions(fixture.install(answering), { health });
  await supervisor.start(record);
  const before = await waitFor(record.id, 'running');
  process.kill(before.pid, 'SIGUSR1');
  const sick = await waitFor(record.id, 'unhealthy');
  assert.equal(sick.reason, 'no answer within 0.1 s');
  assert.deepEqual([sick.pid, sick.startedAt, sick.restarts], [before.pid, before.startedAt, 0]);
  process.kill(before.pid, 'SIGUSR2');
  const after = await waitFor(record.id, 'running');
  assert.deepEqual([after.pid, after.startedAt], [before.pid, before.startedAt]);
  await supervisor.stop(record.id);
});

test('S04 a plugin that hangs is restarted if its health check says so', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor, waitFor } = await fixture.open();
  const options = { health: { ...health, restarts: true }, stopTimeoutSeconds: 0.05 };
  const record = withOptions(fixture.install(answering), options);
  await supervisor.start(record);
  const { pid } = await waitFor(record.id, 'running');
  // Not even SIGTERM is answered.
  process.kill(pid, 'SIGSTOP');
  const { reason } = await waitFor(record.id, 'backing-off');
  assert.match(reason, /^the plugin was stopped because it was unhealthy: (no answer|dial unix)/);
  const after = await waitFor(record.id, 'running', ({ restarts }) => restarts === 1);
  assert.notEqual(after.pid, pid);
  assert.equal(isRunning(pid), false);
  await supervisor.stop(record.id);
});

test('a plugin that may not be started again is not stopped for being unhealthy', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor, waitFor } = await fixture.open();
  const options = { health: { ...health, restarts: true }, restart: { name: 'no' } } as const;
  const record = withOptions(fixture.install(answering), options);
  await supervisor.start(record);
  const { pid } = await waitFor(record.id, 'running');
  process.kill(pid, 'SIGUSR1');
  await waitFor(record.id, 'unhealthy');
  process.kill(pid, 'SIGUSR2');
  assert.equal((await waitFor(record.id, 'running')).pid, pid);
  await supervisor.stop(record.id);
});

const exits = `${listening}
process.on('SIGUSR1', () => process.exit(1)).on('SIGUSR2', () => process.exit(0));`;

test('a plugin whose policy is on-failure has failed when it ends with code 0, and leaves nothing', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor, waitFor } = await fixture.open();
  const record = withOptions(fixture.install(exits), { restart: { name: 'on-failure' } });
  await supervisor.start(record);
  process.kill((await waitFor(record.id, 'running')).pid, 'SIGUSR1');
  const { pid } = await waitFor(record.id, 'running', ({ restarts }) => restarts === 1);
  process.kill(pid, 'SIGUSR2');
  assert.match(
    (await waitFor(record.id, 'failed')).reason,
    /^the plugin exited with code 0; it is not started again: its restart policy is "on-failure"$/,
  );
  // The fixture insists that nothing is left.
  await supervisor.stop(record.id);
  assert.deepEqual(supervisor.state(record.id), { status: 'disabled' });
});

test('a plugin fails after as many restarts in a row as its policy allows, and restart() resets the count', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor, waitFor } = await fixture.open();
  const restart = { name: 'always', maximumRetries: 2 } as const;
  const record = withOptions(fixture.install(exits), { restart });
  await supervisor.start(record);
  for (const count of [0, 1, 2]) {
    process.kill((await waitFor(record.id, 'running', ({ restarts }) => restarts === count)).pid, 'SIGUSR1');
  }
  const failed = await waitFor(record.id, 'failed');
  assert.match(failed.reason, /started again 2 times in a row, as its restart policy allows$/);
  assert.equal(failed.restarts, 2);
  await supervisor.restart(record);
  assert.equal((await waitFor(record.id, 'running')).restarts, 0);
  await supervisor.stop(record.id);
});

test('a change of policy is in force at once', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor, waitFor } = await fixture.open();
  const record = fixture.install(exits);
  await supervisor.start(record);
  supervisor.update(withOptions(record, { restart: { name: 'no' } }));
  process.kill((await waitFor(record.id, 'running')).pid, 'SIGUSR1');
  assert.match((await waitFor(record.id, 'failed')).reason, /its restart policy is "no"$/);
  await supervisor.stop(record.id);
});

test('restart() ends a running plugin and rejects with the error of the first attempt; the plugin stays enabled', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor, waitFor } = await fixture.open();
  const record = fixture.install(`
    import { existsSync, readFileSync, writeFileSync } from 'node:fs';
    const { length: count } = existsSync('/runs') ? readFileSync('/runs') : [];
    writeFileSync('/runs', '.'.repeat(count + 1));
    if (count === 1) throw new Error('the second run fails');
    ${listening}`);
  await supervisor.start(record);
  const { pid } = await waitFor(record.id, 'running');
  await assert.rejects(supervisor.restart(record), /exited with code 1 before .*the second run fails/);
  assert.equal(isRunning(pid), false);
  const third = await waitFor(record.id, 'running');
  assert.equal(third.restarts, 1);
  assert.match((await supervisor.lastFailure(record.id))?.log.join() ?? '', /the second run fails/);
  await supervisor.stop(record.id);
});

test('the caller of restart() may abort the wait, and the plugin is started all the same', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor, waitFor } = await fixture.open();
  const record = fixture.install(listening);
  const leaving = new AbortController();
  supervisor.onChange((_id, { status }) => {
    if (status === 'starting') leaving.abort(new Error('the client has gone'));
  });
  await assert.rejects(supervisor.restart(record, { signal: leaving.signal }), /the client has gone/);
  await waitFor(record.id, 'running');
  await supervisor.stop(record.id);
});

test('a stop takes as long as the plugin was given', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor, waitFor } = await fixture.open();
  const script = `${listening} process.removeAllListeners('SIGTERM').on('SIGTERM', () => {});`;
  const record = withOptions(fixture.install(script), { stopTimeoutSeconds: 0.05 });
  await supervisor.start(record);
  const { pid } = await waitFor(record.id, 'running');
  await supervisor.stop(record.id);
  assert.equal(isRunning(pid), false);
});

test('S03 a plugin that may take long to open its socket may take as long when it is restarted', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor, waitFor } = await fixture.open({ timeoutMs: 200 });
  const late = `await new Promise((go) => setTimeout(go, 1_000));${listening.replace(/^import .*$/m, '')}`;
  const script = `import { createServer } from 'node:net';\n${late}`;
  const record = { ...fixture.install(script), timeoutSeconds: 30 };
  await supervisor.start(record, { timeoutMs: 30_000 });
  process.kill((await waitFor(record.id, 'running')).pid, 'SIGKILL');
  const { restarts } = await waitFor(record.id, 'running', (state) => state.restarts > 0);
  assert.equal(restarts, 1);
  await supervisor.stop(record.id);
});
