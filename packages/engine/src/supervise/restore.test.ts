import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import pino from 'pino';
import { makeSharedMount } from '../linux/mount-table.ts';
import { identifyProcess } from '../runtime/process-identity.ts';
import { createPluginHost } from './prepare-plugin.ts';
import {
  createSupervisorFixture,
  listening,
  type OpenedSupervisor,
  readLog,
  type SupervisorFixture,
} from './supervisor-fixture.test.support.ts';

test('S15 a restart of the daemon takes plugins back with their pid and no restart', async (t) => {
  const fixture = createSupervisorFixture(t);
  const first = await fixture.open();
  const record = fixture.install(listening);
  await first.supervisor.start(record);
  const { pid } = await first.waitFor(record.id, 'running');
  await first.supervisor.shutdown('leave-running');
  await assert.rejects(first.supervisor.start(record), { kind: 'unavailable' });

  const second = await fixture.open();
  await second.supervisor.restore([record]);
  const state = second.supervisor.state(record.id);
  assert.equal(state.status === 'running' && state.pid, pid);
  assert.equal(state.status === 'running' && state.restarts, 0);
  assert.deepEqual(await readLog(second.supervisor, record.id), ['starting']);
  // It is kept running as before.
  process.kill(pid, 'SIGKILL');
  await second.waitFor(record.id, 'running', ({ restarts }) => restarts === 1);
  await second.supervisor.stop(record.id);
});

/** A supervisor whose plugins all run on something that ends with the daemon. */
function openBound(fixture: SupervisorFixture): Promise<OpenedSupervisor> {
  const logger = pino({ level: 'silent' });
  const host = createPluginHost({ layout: fixture.layout, execRoot: fixture.execRoot, logger });
  return fixture.open({ host: { ...host, isBoundToDaemon: () => true } });
}

test('a plugin that was given what ends with the daemon is started anew by the next one', async (t) => {
  const fixture = createSupervisorFixture(t);
  const first = await fixture.open();
  const record = fixture.install(listening);
  await first.supervisor.start(record);
  const { pid } = await first.waitFor(record.id, 'running');
  await first.supervisor.shutdown('leave-running');

  const second = await openBound(fixture);
  await second.supervisor.restore([record]);
  const state = await second.waitFor(record.id, 'running');
  assert.notEqual(state.pid, pid);
  assert.equal(state.restarts, 0);
  assert.equal(identifyProcess(pid), undefined);
  await second.supervisor.stop(record.id);
});

test('a plugin that is let go of while it is being started anew keeps nobody', async (t) => {
  const fixture = createSupervisorFixture(t);
  const first = await fixture.open();
  const record = fixture.install(
    `${listening}\nprocess.removeAllListeners('SIGTERM').on('SIGTERM', () => {});`,
  );
  await first.supervisor.start(record);
  const { pid } = await first.waitFor(record.id, 'running');
  await first.supervisor.shutdown('leave-running');

  const second = await openBound(fixture);
  await second.supervisor.restore([record]);
  await second.supervisor.shutdown('leave-running');
  assert.notEqual(identifyProcess(pid), undefined, 'it was killed before its grace was over');

  const third = await fixture.open();
  await third.supervisor.restore([record]);
  assert.equal((await third.waitFor(record.id, 'running')).pid, pid);
  await third.supervisor.stop(record.id, { graceMs: 0 });
});

test('a plugin can be stopped while it is being started anew', async (t) => {
  const fixture = createSupervisorFixture(t);
  const first = await fixture.open();
  const record = fixture.install(listening);
  await first.supervisor.start(record);
  await first.supervisor.shutdown('leave-running');

  const second = await openBound(fixture);
  await second.supervisor.restore([record]);
  assert.equal(second.supervisor.state(record.id).status, 'starting');
  await second.supervisor.stop(record.id);
  assert.deepEqual(second.supervisor.state(record.id), { status: 'disabled' });
});

test('S18 restore() starts enabled plugins that do not run, and one that cannot start concerns no other', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor, waitFor } = await fixture.open();
  const good = fixture.install(listening);
  const stuck = fixture.install('process.on("SIGTERM", () => process.exit(0)); setInterval(() => {}, 1000);');
  const broken = fixture.install('process.exit(9);');
  // It resolves although one of them never opens its socket.
  await supervisor.restore([stuck, broken, good]);
  await waitFor(good.id, 'running');
  assert.match((await waitFor(broken.id, 'backing-off')).reason, /exited with code 9/);
  assert.equal(supervisor.state(stuck.id).status, 'starting');
  await supervisor.shutdown('stop');
  assert.deepEqual(supervisor.state(good.id), { status: 'disabled' });
});

test('S18 after a reboot nothing is taken back: the plugin is started anew', async (t) => {
  const fixture = createSupervisorFixture(t);
  const first = await fixture.open();
  const record = fixture.install(listening);
  await first.supervisor.start(record);
  const { pid } = await first.waitFor(record.id, 'running');
  await first.supervisor.shutdown('leave-running');
  const path = join(fixture.execRoot, 'bundles', record.id, 'run.json');
  const run = JSON.parse(readFileSync(path, 'utf8')) as object;
  writeFileSync(path, JSON.stringify({ ...run, bootId: 'another' }));

  const second = await fixture.open();
  await second.supervisor.restore([record]);
  assert.notEqual((await second.waitFor(record.id, 'running')).pid, pid);
  assert.equal(identifyProcess(pid), undefined);
  await second.supervisor.stop(record.id);
});

test('restore() stops a plugin that runs and should not', async (t) => {
  const fixture = createSupervisorFixture(t);
  const first = await fixture.open();
  const record = fixture.install(listening, { propagatedMount: '/propagated' });
  await first.supervisor.start(record);
  const { pid } = await first.waitFor(record.id, 'running');
  await first.supervisor.shutdown('leave-running');
  const second = await fixture.open();
  await second.supervisor.restore([]);
  // Waits for the removal, which goes on by itself.
  await second.supervisor.stop(record.id);
  assert.equal(identifyProcess(pid), undefined);
  assert.deepEqual(second.supervisor.state(record.id), { status: 'disabled' });
});

test('S11 I13 what a plugin mounts is seen by the host, and gone when it has stopped', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor } = await fixture.open();
  const record = fixture.install(
    `import { execFileSync } from 'node:child_process';
     import { mkdirSync, writeFileSync } from 'node:fs';
     mkdirSync('/propagated/volume', { recursive: true });
     execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', '/propagated/volume']);
     writeFileSync('/propagated/volume/hello', 'world');
     mkdirSync('/run/docker/plugins/over', { recursive: true });
     execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', '/run/docker/plugins/over']);
     ${listening}`,
    { propagatedMount: '/propagated', linux: { capabilities: ['CAP_SYS_ADMIN'] } },
  );
  await supervisor.start(record);
  const { propagatedMount } = fixture.layout.plugin(record.id);
  assert.equal(readFileSync(join(propagatedMount, 'volume', 'hello'), 'utf8'), 'world');
  const table = readFileSync('/proc/self/mountinfo', 'utf8');
  assert.equal(
    table.includes(join(fixture.execRoot, 'plugins', record.id)),
    false,
    'mounts in the socket folder',
  );
  await supervisor.stop(record.id);
  // The folder survives, without what was mounted in it.
  assert.throws(() => readFileSync(join(propagatedMount, 'volume', 'hello')), { code: 'ENOENT' });
});

test('S11 restore() takes away mounts and socket folders of plugins that are gone', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor } = await fixture.open();
  const record = fixture.install(listening);
  const { propagatedMount } = fixture.layout.plugin(record.id);
  mkdirSync(propagatedMount);
  writeFileSync(join(propagatedMount, 'kept'), 'data');
  await makeSharedMount(propagatedMount);
  mkdirSync(join(fixture.execRoot, 'plugins', record.id), { recursive: true });
  await supervisor.restore([]);
  assert.equal(readFileSync(join(propagatedMount, 'kept'), 'utf8'), 'data');
});
