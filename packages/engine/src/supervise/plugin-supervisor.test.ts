import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '@outboard/async';
import { isRunning } from '@outboard/container/testing';
import { isOutboardError, type OutboardError } from '@outboard/oci';
import { connectSocket } from '@outboard/protocol';
import { createSupervisorFixture, listening, readLog } from '../testing/supervisor-fixture.ts';

function failsWith(...patterns: readonly RegExp[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isOutboardError(error, 'system'), String(error));
    for (const pattern of patterns) assert.match((error as OutboardError).message, pattern);
    assert.doesNotMatch((error as OutboardError).message, /\n/);
    return true;
  };
}

test('start() resolves once the socket accepts, and stop() leaves nothing', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor } = await fixture.open();
  const record = fixture.install(listening);
  await supervisor.start(record);
  const state = supervisor.state(record.id);
  assert.equal(state.status, 'running');
  assert.equal(state.status === 'running' && state.restarts, 0);
  (await connectSocket(supervisor.socketPath(record))).destroy();
  assert.deepEqual(await readLog(supervisor, record.id), ['starting']);
  await assert.rejects(supervisor.start(record), { kind: 'conflict' });
  await supervisor.stop(record.id);
  assert.deepEqual(supervisor.state(record.id), { status: 'disabled' });
  await supervisor.stop(record.id);
  // It can be started again.
  await supervisor.start(record);
  await supervisor.stop(record.id);
});

test('S02 a plugin that never opens its socket fails with the tail of its log', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor } = await fixture.open();
  const record = fixture.install('console.log("waiting for the database"); setInterval(() => {}, 1000);');
  await assert.rejects(
    supervisor.start(record, { timeoutMs: 700 }),
    failsWith(
      /^dial unix \/.*\/plugin\.sock: connect: no such file or directory: /,
      /did not accept a connection within 0\.7 s; its last log lines: "waiting for the database"$/,
    ),
  );
  assert.deepEqual(supervisor.state(record.id), { status: 'disabled' });
});

test('a plugin that exits at once fails at once, with exit code and last log lines', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor } = await fixture.open();
  const record = fixture.install('console.error("no such bucket: \\"x\\""); process.exit(3);');
  await assert.rejects(
    supervisor.start(record, { timeoutMs: 3_600_000 }),
    failsWith(
      /^dial unix .*no such file or directory: plugin "acme/,
      /exited with code 3 before/,
      /"no such bucket: \\"x\\""/,
    ),
  );
  const alsoDead = fixture.install('process.kill(process.pid, "SIGKILL"); setInterval(() => {}, 1000);', {
    pidHost: true,
  });
  await assert.rejects(supervisor.start(alsoDead), failsWith(/was ended by SIGKILL before/));
});

for (const [name, script] of [
  ['I10 a fifo', 'import { execFileSync } from "node:child_process"; execFileSync("mkfifo", [path]);'],
  ['I10 a directory', 'import { mkdirSync } from "node:fs"; mkdirSync(path);'],
  ['I10 a plain file', 'import { writeFileSync } from "node:fs"; writeFileSync(path, "");'],
  [
    'I09 a link to a socket',
    'import { symlinkSync } from "node:fs"; symlinkSync("other.sock", path); createServer().listen(path.replace("plugin.sock", "other.sock"));',
  ],
  [
    'S05 a socket whose listener has died',
    `import { spawnSync } from "node:child_process";
     import { renameSync } from "node:fs";
     const script = 'require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))';
     spawnSync(process.execPath, ["-e", script, path + ".dead"]);
     renameSync(path + ".dead", path);`,
  ],
] as const) {
  test(`${name} in place of the socket is not ready`, async (t) => {
    const fixture = createSupervisorFixture(t);
    const { supervisor } = await fixture.open();
    const source = `import { createServer } from "node:net"; const path = "/run/docker/plugins/plugin.sock"; ${script}; setInterval(() => {}, 1000);`;
    const record = fixture.install(source);
    await assert.rejects(
      // Two programs start one after the other in the last case.
      supervisor.start(record, { timeoutMs: name.startsWith('S05') ? 5_000 : 1_000 }),
      failsWith(
        /^dial unix .*plugin\.sock: (want a socket|connect: connection refused|open: ELOOP).* did not accept/,
      ),
    );
  });
}

test('S05 a socket that listens after the first attempts is found', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor } = await fixture.open();
  // The file exists long before a listener, so that no event of the directory announces it.
  const record = fixture.install(`
    import { createServer } from 'node:net';
    import { linkSync, rmSync } from 'node:fs';
    const path = '/run/docker/plugins/plugin.sock';
    const early = createServer().listen(path, () => {
      linkSync(path, path + '.kept');
      early.close(() => {
        linkSync(path + '.kept', path);
        setTimeout(() => { rmSync(path); createServer().listen(path); }, 300);
      });
    });`);
  await supervisor.start(record);
  await supervisor.stop(record.id, { graceMs: 0 });
});

test('a plugin that ends is restarted, and its state has the reason', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor, waitFor } = await fixture.open();
  const record = fixture.install(`${listening}
    process.on('SIGUSR1', () => { console.error('lost the disk'); process.exit(5); });`);
  await supervisor.start(record);
  for (const restarts of [1, 2]) {
    const before = await waitFor(record.id, 'running');
    const backingOff = waitFor(record.id, 'backing-off');
    process.kill(before.pid, 'SIGUSR1');
    assert.equal((await backingOff).reason, 'the plugin exited with code 5');
    const failure = await supervisor.lastFailure(record.id);
    assert.deepEqual(failure?.exit, { code: 5, outOfMemory: false });
    assert.equal(failure?.log.at(-1), 'lost the disk');
    const after = await waitFor(record.id, 'running', (state) => state.restarts === restarts);
    assert.notEqual(after.pid, before.pid);
  }
  await supervisor.stop(record.id);
});

test('S01 pauses between restarts of a failing plugin grow until it was healthy', async (t) => {
  const fixture = createSupervisorFixture(t);
  let uptimeMs = 0;
  const { supervisor, waitFor } = await fixture.open({
    backOff: { initialMs: 4, maxMs: 16, healthyMs: 60_000 },
    clock: { ...systemClock, monotonicMs: () => uptimeMs },
    random: () => 0,
  });
  const record = fixture.install(`${listening} process.on('SIGUSR1', () => process.exit(1));`);
  await supervisor.start(record);
  const pauses: number[] = [];
  supervisor.onChange((_id, state) => {
    if (state.status === 'backing-off') pauses.push(state.retryAt.getTime() - state.since.getTime());
  });
  for (let restarts = 0; restarts < 5; restarts += 1) {
    const { pid } = await waitFor(record.id, 'running', (state) => state.restarts === restarts);
    if (restarts === 4) uptimeMs += 60_000;
    process.kill(pid, 'SIGUSR1');
  }
  await waitFor(record.id, 'running', (state) => state.restarts === 5);
  assert.deepEqual(pauses, [4, 8, 16, 16, 4]);
  await supervisor.stop(record.id);
});

test('V9 a plugin that cannot be started again stays wanted and is started when it can be', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor, waitFor } = await fixture.open();
  const record = fixture.install(`${listening} process.on('SIGUSR1', () => process.exit(1));`);
  await supervisor.start(record);
  const script = join(fixture.layout.plugin(record.id).rootfs, 'plugin.mjs');
  const content = readFileSync(script);
  writeFileSync(script, 'throw new Error("broken");');
  process.kill((await waitFor(record.id, 'running')).pid, 'SIGUSR1');
  const failed = await waitFor(record.id, 'backing-off', ({ reason }) => reason.includes('dial'));
  assert.match(failed.reason, /^dial unix .* exited with code 1 before its socket accepted a connection$/);
  assert.match((await supervisor.lastFailure(record.id))?.log.join('\n') ?? '', /Error: broken/);
  writeFileSync(script, content);
  await waitFor(record.id, 'running');
  await supervisor.stop(record.id);
});

test('S06 a plugin that ignores SIGTERM is killed after the grace', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor, waitFor } = await fixture.open();
  const record = fixture.install(
    `${listening} process.removeAllListeners('SIGTERM'); process.on('SIGTERM', () => {});`,
  );
  await supervisor.start(record);
  const { pid } = await waitFor(record.id, 'running');
  await supervisor.stop(record.id, { graceMs: 50 });
  assert.equal(isRunning(pid), false);
});

test('S06 the grace of a stop that is under way can be cut short', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor, waitFor } = await fixture.open();
  const record = fixture.install(`${listening}
process.removeAllListeners('SIGTERM');
process.on('SIGTERM', () => console.log('deaf'));
`);
  const long = { graceMs: 86_400_000 };
  await supervisor.start(record);
  const stopped = supervisor.stop(record.id, long);
  await waitFor(record.id, 'stopping');
  supervisor.limitStops(record.id, 50);
  await stopped;

  await supervisor.start(record);
  const limit = supervisor.limitStops(record.id, 50);
  await supervisor.restart(record, long);
  limit?.[Symbol.dispose]();
  assert.equal(supervisor.state(record.id).status, 'running');
  await supervisor.stop(record.id, { graceMs: 0 });
});

test('S06 a plugin that is stopped by SIGSTOP can be stopped', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor, waitFor } = await fixture.open();
  const record = fixture.install(listening);
  await supervisor.start(record);
  const { pid } = await waitFor(record.id, 'running');
  process.kill(pid, 'SIGSTOP');
  await supervisor.stop(record.id, { graceMs: 50 });
  assert.equal(isRunning(pid), false);
});

test('S07 daemons that a plugin forked away are gone when stop() resolves', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor, waitFor } = await fixture.open();
  // In the host's pid namespace, where the kernel does not end them with the plugin.
  const record = fixture.install(
    `${listening}
     import { spawn } from 'node:child_process';
     const child = spawn('/bin/sh', ['-c', 'trap "" TERM; while :; do sleep 1000; done'], { detached: true, stdio: 'ignore' });
     child.unref();`,
    { pidHost: true },
  );
  await supervisor.start(record);
  const { pid } = await waitFor(record.id, 'running');
  await supervisor.stop(record.id);
  assert.equal(isRunning(pid), false);
});

test('S12 a plugin whose monitor was killed is started again under a new one', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor, waitFor } = await fixture.open();
  const record = fixture.install(listening);
  await supervisor.start(record);
  const { pid } = await waitFor(record.id, 'running');
  const run = JSON.parse(readFileSync(join(fixture.execRoot, 'bundles', record.id, 'run.json'), 'utf8')) as {
    monitor: { pid: number };
  };
  process.kill(run.monitor.pid, 'SIGKILL');
  assert.match((await waitFor(record.id, 'backing-off')).reason, /its monitor had gone/);
  const after = await waitFor(record.id, 'running', ({ restarts }) => restarts === 1);
  assert.notEqual(after.pid, pid);
  assert.equal(isRunning(pid), false);
  await supervisor.stop(record.id);
});

test('S20 a missing runtime is a typed error, and the plugin can be started once it is there', async (t) => {
  const fixture = createSupervisorFixture(t);
  const runtime = join(fixture.execRoot, 'late-runc');
  const { supervisor } = await fixture.open({}, { runtime });
  const record = fixture.install(listening);
  await assert.rejects(
    supervisor.start(record),
    failsWith(/^cannot run ".*late-runc": it is not an executable file$/),
  );
  writeFileSync(runtime, '#!/bin/sh\nexec runc "$@"\n', { mode: 0o755 });
  await supervisor.start(record);
  await supervisor.stop(record.id);
});

test('S23 a stop during a start ends the start', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor, waitFor } = await fixture.open();
  const record = fixture.install('setInterval(() => {}, 1000);');
  const started = supervisor.start(record);
  const refused = assert.rejects(started, {
    kind: 'conflict',
    message: /was stopped while it was being started/,
  });
  await waitFor(record.id, 'starting');
  await supervisor.stop(record.id);
  await refused;
  assert.deepEqual(supervisor.state(record.id), { status: 'disabled' });
});

test('an aborted start leaves nothing', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor } = await fixture.open();
  const record = fixture.install('setInterval(() => {}, 1000);');
  const abort = new AbortController();
  const started = supervisor.start(record, { signal: abort.signal });
  const refused = assert.rejects(started, /the client has gone/);
  const socketFolder = dirname(supervisor.socketPath(record));
  while (!existsSync(socketFolder)) await new Promise((resolve) => setTimeout(resolve, 1));
  abort.abort(new Error('the client has gone'));
  await refused;
  assert.deepEqual(supervisor.state(record.id), { status: 'disabled' });
});

test('a stale socket of an earlier run is not taken for the new one', async (t) => {
  const fixture = createSupervisorFixture(t);
  const { supervisor } = await fixture.open();
  const record = fixture.install('setInterval(() => {}, 1000);');
  const path = supervisor.socketPath(record);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, 'stale');
  await assert.rejects(
    supervisor.start(record, { timeoutMs: 500 }),
    failsWith(/^dial unix .*: connect: no such file or directory/),
  );
});
