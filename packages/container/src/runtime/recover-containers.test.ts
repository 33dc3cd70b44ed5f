import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { identifyProcess } from '../linux/process-identity.ts';
import { type ContainerFixture, createContainerFixture } from '../testing/container-fixture.ts';
import type { ContainerRuntime } from './container-runtime.ts';

/** A container that a first runtime started and released, as when the daemon ends. */
async function leaveRunning(
  fixture: ContainerFixture,
): Promise<{ readonly id: string; readonly pid: number }> {
  const runtime = await fixture.open();
  const id = fixture.createId();
  const { pid } = await runtime.start({ id, spec: fixture.spec(id, ['/bin/sleep', '1000']) });
  runtime.release();
  return { id, pid };
}

/** Assert that nothing runs, and remove the rest. */
async function removeEnded(runtime: ContainerRuntime): Promise<void> {
  const { running, ended } = await runtime.recover();
  assert.equal(running.size, 0);
  for (const container of ended.values()) await container.remove();
}

function changeRecord(fixture: ContainerFixture, id: string, change: object): void {
  const path = join(fixture.bundle(id), 'run.json');
  const record = JSON.parse(readFileSync(path, 'utf8')) as object;
  writeFileSync(path, JSON.stringify({ ...record, ...change }));
}

test('S15 recover() finds a running container with its pid, log and exit', async (t) => {
  const fixture = createContainerFixture(t);
  const { id, pid } = await leaveRunning(fixture);
  const second = await fixture.open();
  const container = (await second.recover()).running.get(id);
  assert.equal(container?.pid, pid);
  assert.deepEqual(await container?.readLogTail(5), []);
  // A second recovery skips known containers.
  await removeEnded(second);
  assert.notEqual(identifyProcess(pid), undefined);
  await container?.kill('SIGTERM');
  await container?.kill('SIGKILL');
  assert.equal((await container?.exited)?.signal, 'SIGKILL');
  await container?.remove();
});

test('S12 recover() detects a monitor that is killed later, though it is no child of this process', async (t) => {
  const fixture = createContainerFixture(t);
  const { id } = await leaveRunning(fixture);
  const second = await fixture.open({ checkIntervalMs: 20 });
  const container = (await second.recover()).running.get(id);
  const record = JSON.parse(readFileSync(join(fixture.bundle(id), 'run.json'), 'utf8')) as {
    monitor: { pid: number };
  };
  process.kill(record.monitor.pid, 'SIGKILL');
  assert.deepEqual(await container?.exited, { outOfMemory: false });
  await container?.remove();
});

for (const [name, change] of [
  ['S18 of another boot', { bootId: '00000000-0000-0000-0000-000000000000' }],
  ['S16 whose record was never written', undefined],
  ['S14 whose record is damaged', { version: 'one' }],
  ['whose record belongs to another container', { id: 'f'.repeat(64) }],
] as const) {
  test(`recover() removes a container ${name}`, async (t) => {
    const fixture = createContainerFixture(t);
    const { id, pid } = await leaveRunning(fixture);
    if (change === undefined) rmSync(join(fixture.bundle(id), 'run.json'));
    else changeRecord(fixture, id, change);
    const second = await fixture.open();
    await removeEnded(second);
    assert.equal(identifyProcess(pid), undefined);
  });
}

test('S17 recover() never signals a process that got the pid of a container', async (t) => {
  const fixture = createContainerFixture(t);
  const { id, pid } = await leaveRunning(fixture);
  const innocent = spawn('/bin/sleep', ['1000'], { stdio: 'ignore' });
  t.after(() => innocent.kill('SIGKILL'));
  await once(innocent, 'spawn');
  changeRecord(fixture, id, { container: { pid: innocent.pid, startTime: '1' } });
  const second = await fixture.open();
  await removeEnded(second);
  assert.equal(identifyProcess(pid), undefined);
  assert.equal(innocent.exitCode, null);
  assert.equal(innocent.signalCode, null);
});

test('S16 recover() kills a monitor and a container whose bundle is gone', async (t) => {
  const fixture = createContainerFixture(t);
  const { id, pid } = await leaveRunning(fixture);
  rmSync(fixture.bundle(id), { recursive: true });
  const second = await fixture.open();
  await removeEnded(second);
  assert.equal(identifyProcess(pid), undefined);
});

test('S16 recover() removes a bundle without a container', async (t) => {
  const fixture = createContainerFixture(t);
  const second = await fixture.open();
  const id = fixture.createId();
  mkdirSync(fixture.bundle(id));
  writeFileSync(join(fixture.bundle(id), 'config.json'), '{"linux": {"cgro');
  await removeEnded(second);
});

/** Wait for the effect of a signal, which kill(2) does not. */
async function endProcess(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  while (identifyProcess(pid) !== undefined) await setImmediate();
}

for (const command of ['create', 'start']) {
  test(`S16 recover() removes what a daemon left that was killed during "runc ${command}"`, async (t) => {
    const fixture = createContainerFixture(t);
    const runtime = await fixture.open();
    const id = fixture.createId();
    const held = join(fixture.execRoot, 'held');
    // The runtime stops at the command, and writes its pid.
    const wrapper = `#!/bin/sh\ncase " $* " in *" ${command} "*) echo $$ > ${held}.new; mv ${held}.new ${held}; kill -STOP $$;; esac\nexec runc "$@"\n`;
    writeFileSync(join(fixture.execRoot, 'wrapper'), wrapper, { mode: 0o755 });
    const script = fileURLToPath(new URL('../testing/start-container.js', import.meta.url));
    const spec = JSON.stringify(fixture.spec(id, ['/bin/sleep', '1000']));
    const args = [script, fixture.execRoot, join(fixture.execRoot, 'wrapper'), id, spec];
    const watcher = watch(fixture.execRoot);
    const daemon = spawn(process.execPath, args, { stdio: 'inherit' });
    const daemonEnded = once(daemon, 'exit');
    while (!existsSync(held)) await Promise.race([once(watcher, 'change'), daemonEnded]);
    watcher.close();
    daemon.kill('SIGKILL');
    await daemonEnded;
    await removeEnded(runtime);
    // The daemon's own children are not conmon's and would end by themselves; they are kept running here.
    if (command === 'start') await endProcess(Number(readFileSync(held, 'utf8')));
  });
}

test('S20 recover() removes a dead container although the runtime is missing', async (t) => {
  const fixture = createContainerFixture(t);
  const { id, pid } = await leaveRunning(fixture);
  renameSync(join(fixture.bundle(id), 'run.json'), join(fixture.bundle(id), 'gone'));
  const second = await fixture.open({ runtime: '/no/such/runtime' });
  await removeEnded(second);
  assert.equal(identifyProcess(pid), undefined);
});
