import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostMounts, openRunningContainers } from '@outboard/container';
import { isRunning } from '@outboard/container/testing';
import { digestOf } from '@outboard/oci';
import pino from 'pino';
import { createPreflight } from '../preflight/host-preflight.ts';
import {
  createSupervisorFixture,
  listening,
  type OpenedSupervisor,
  readLog,
  type SupervisorFixture,
} from '../testing/supervisor-fixture.ts';
import { createPluginHost } from './host/linux-plugin-host.ts';

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

for (const end of ['runs', 'has ended'] as const) {
  test(`V2 a container of a version whose record was not saved is replaced, when it ${end}`, async (t) => {
    const fixture = createSupervisorFixture(t);
    const first = await fixture.open();
    const record = { ...fixture.install(listening), overrides: { restart: { name: 'no' } } } as const;
    const onTrial = { ...record, manifestDigest: digestOf(Buffer.from('on trial')) };
    await first.supervisor.start(onTrial);
    const { pid } = await first.waitFor(record.id, 'running');
    await first.supervisor.shutdown('leave-running');
    first.runtime.release();
    if (end === 'has ended') {
      process.kill(pid, 'SIGKILL');
      while (isRunning(pid)) await new Promise((resolve) => setImmediate(resolve));
    }

    const second = await fixture.open();
    await second.supervisor.restore([record]);
    const state = await second.waitFor(record.id, 'running', (running) => running.pid !== pid);
    assert.equal(state.restarts, 0);
    await second.supervisor.stop(record.id);
  });
}

/** A supervisor whose plugins all run on something that ends with the daemon. */
function openBound(fixture: SupervisorFixture): Promise<OpenedSupervisor> {
  const logger = pino({ level: 'silent' });
  const { layout, execRoot } = fixture;
  const preflight = createPreflight({ layout, runtime: 'runc', logger });
  const host = createPluginHost({
    layout,
    execRoot,
    containers: openRunningContainers({ execRoot, logger }),
    preflight,
    cgroupDriver: 'cgroupfs',
    logger,
  });
  return fixture.open({ host: Object.assign(host, { isBoundToDaemon: () => true }) });
}

test('a plugin that is bound to its daemon is replaced by the next one', async (t) => {
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
  assert.equal(isRunning(pid), false);
  await second.supervisor.stop(record.id);
});

test('a plugin that is detached during its replacement does not delay the shutdown', async (t) => {
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
  assert.ok(isRunning(pid), 'it was killed before its grace was over');

  const third = await fixture.open();
  await third.supervisor.restore([record]);
  assert.equal((await third.waitFor(record.id, 'running')).pid, pid);
  await third.supervisor.stop(record.id, { graceMs: 0 });
});

test('a plugin can be stopped during its replacement', async (t) => {
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

test('S18 after a reboot no container is adopted: the plugin is started', async (t) => {
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
  assert.equal(isRunning(pid), false);
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
  assert.equal(isRunning(pid), false);
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
    'mounts in the socket directory',
  );
  await supervisor.stop(record.id);
  // The directory survives, without the mounts in it.
  assert.throws(() => readFileSync(join(propagatedMount, 'volume', 'hello')), { code: 'ENOENT' });
});

test('S11 restore() takes away mounts and socket directories of plugins that are gone', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor } = await fixture.open();
  const record = fixture.install(listening);
  const { propagatedMount } = fixture.layout.plugin(record.id);
  mkdirSync(propagatedMount);
  writeFileSync(join(propagatedMount, 'kept'), 'data');
  await hostMounts.makeShared(propagatedMount);
  mkdirSync(join(fixture.execRoot, 'plugins', record.id), { recursive: true });
  await supervisor.restore([]);
  assert.equal(readFileSync(join(propagatedMount, 'kept'), 'utf8'), 'data');
});

test('S15 an exit without a daemon is reported by the next one, with code and log, and counts as a restart', async (t) => {
  const fixture = createSupervisorFixture(t);
  const first = await fixture.open();
  const record = fixture.install(
    `${listening} process.on('SIGUSR1', () => { console.log('alone'); process.exit(7); });`,
  );
  await first.supervisor.start(record);
  const { pid } = await first.waitFor(record.id, 'running');
  await first.supervisor.shutdown('leave-running');
  await endUnseen(fixture, record.id, pid, 'SIGUSR1');

  const second = await fixture.open();
  await second.supervisor.restore([record]);
  assert.equal((await second.waitFor(record.id, 'running')).restarts, 1);
  const failure = await second.supervisor.lastFailure(record.id);
  assert.deepEqual(failure?.exit, { code: 7, outOfMemory: false });
  assert.equal(failure?.reason, 'the plugin exited with code 7');
  assert.deepEqual(failure?.log, ['starting', 'alone']);
  await second.supervisor.stop(record.id);
  // It is reported until the plugin is removed.
  const third = await fixture.open();
  assert.deepEqual(await third.supervisor.lastFailure(record.id), failure);
});

test('a plugin that ended unseen is not started again when its policy does not allow it', async (t) => {
  const fixture = createSupervisorFixture(t);
  const first = await fixture.open();
  const options = { restart: { name: 'on-failure' } } as const;
  const record = { ...fixture.install(listening), overrides: options };
  await first.supervisor.start(record);
  const { pid } = await first.waitFor(record.id, 'running');
  await first.supervisor.shutdown('leave-running');
  await endUnseen(fixture, record.id, pid, 'SIGTERM');

  const second = await fixture.open();
  await second.supervisor.restore([record]);
  assert.match((await second.waitFor(record.id, 'failed')).reason, /exited with code 0; it is not started/);
  await second.supervisor.stop(record.id);
});

test('S15 the count of restarts and the time of the start survive the daemon', async (t) => {
  const fixture = createSupervisorFixture(t);
  const first = await fixture.open();
  const record = fixture.install(listening);
  await first.supervisor.start(record);
  process.kill((await first.waitFor(record.id, 'running')).pid, 'SIGKILL');
  const before = await first.waitFor(record.id, 'running', ({ restarts }) => restarts === 1);
  await first.supervisor.shutdown('leave-running');
  const second = await fixture.open();
  await second.supervisor.restore([record]);
  const after = await second.waitFor(record.id, 'running');
  assert.equal(after.restarts, 1);
  // Both are computed from the kernel's ticks of 10 ms.
  assert.ok(Math.abs(after.startedAt.getTime() - before.startedAt.getTime()) < 1000, String(after.startedAt));
  await second.supervisor.stop(record.id);
});

test('S19 S20 a removal that fails delays neither restore() nor another plugin', async (t) => {
  const fixture = createSupervisorFixture(t);
  const stuck = fixture.install(listening);
  const good = fixture.install(listening);
  // A runtime that hangs when it is to delete the first one, for as long as there is a gate, until it is let go.
  const place = fixture.layout.pluginsDirectory;
  const [gate, runtime] = [join(place, 'gate'), join(place, 'slow-runc')];
  const hangs = `case "$*" in *delete*${stuck.id}*) [ -p ${gate} ] && read -r line < ${gate};; esac`;
  writeFileSync(runtime, `#!/bin/bash\n${hangs}\nexec runc "$@"\n`, { mode: 0o755 });
  const first = await fixture.open({}, { runtime });
  await first.supervisor.start(stuck);
  const { pid } = await first.waitFor(stuck.id, 'running');
  await first.supervisor.shutdown('leave-running');
  await endUnseen(fixture, stuck.id, pid, 'SIGTERM');

  execFileSync('mkfifo', [gate]);
  const second = await fixture.open({}, { runtime });
  await second.supervisor.restore([stuck, good]);
  await second.waitFor(good.id, 'running');
  assert.equal(second.supervisor.state(stuck.id).status, 'starting');
  writeFileSync(gate, 'go\n');
  rmSync(gate);
  await second.waitFor(stuck.id, 'running');
  await second.supervisor.shutdown('stop');
});

test('a plugin that is enabled while what an earlier run left of it is being removed waits for that', async (t) => {
  const fixture = createSupervisorFixture(t);
  const first = await fixture.open();
  const record = fixture.install(listening);
  await first.supervisor.start(record);
  const { pid } = await first.waitFor(record.id, 'running');
  await first.supervisor.shutdown('leave-running');
  const second = await fixture.open();
  await second.supervisor.restore([]);
  await second.supervisor.start(record);
  assert.notEqual((await second.waitFor(record.id, 'running')).pid, pid);
  await second.supervisor.stop(record.id);
});

/** End a plugin that no daemon watches, and wait until its monitor has written how. */
async function endUnseen(
  fixture: SupervisorFixture,
  id: string,
  pid: number,
  signal: NodeJS.Signals,
): Promise<void> {
  const bundle = join(fixture.execRoot, 'bundles', id);
  const { generation } = JSON.parse(readFileSync(join(bundle, 'run.json'), 'utf8')) as { generation: string };
  const directory = join(bundle, `exit-${generation}`);
  const watcher = watch(directory);
  process.kill(pid, signal);
  while (!existsSync(join(directory, id))) await once(watcher, 'change');
  watcher.close();
}
