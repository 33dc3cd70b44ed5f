import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isOutboardError, type OutboardError } from '@outboard/oci';
import { identifyProcess, isSameProcess } from '../linux/process-identity.ts';
import { createContainerFixture, processesNaming, usableRuntimes } from '../testing/container-fixture.ts';
import type { Container } from './container-runtime.ts';

/** Output of a container, as soon as it has this many lines. */
async function waitForLines(container: Container, count: number): Promise<readonly string[]> {
  for (;;) {
    const lines = await container.readLogTail(1000);
    if (lines.length >= count) return lines;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function isSystemError(pattern: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isOutboardError(error, 'system'), String(error));
    assert.match((error as OutboardError).message, pattern);
    assert.doesNotMatch((error as OutboardError).message, /\n/);
    return true;
  };
}

for (const name of usableRuntimes()) {
  test(`start() runs a program and exited resolves with its exit code (${name})`, async (t) => {
    const fixture = createContainerFixture(t);
    const runtime = await fixture.open({ runtime: name });
    const id = fixture.createId();
    const spec = fixture.spec(id, ['/bin/sh', '-c', 'echo out; echo err >&2; printf unfinished; exit 3']);
    const container = await runtime.start({ id, spec });
    assert.deepEqual(await container.exited, { code: 3, outOfMemory: false });
    assert.deepEqual([...(await container.readLogTail(20))].sort(), ['err', 'out', 'unfinished']);
    assert.deepEqual(await container.readLogTail(0), []);
    await container.remove();
    await container.remove();
  });

  test(`exited resolves with the signal that ended a container (${name})`, async (t) => {
    const fixture = createContainerFixture(t);
    const runtime = await fixture.open({ runtime: name });
    const id = fixture.createId();
    const container = await runtime.start({ id, spec: fixture.spec(id, ['/bin/sleep', '1000']) });
    assert.equal(
      isSameProcess({ pid: container.pid, startTime: identifyProcess(container.pid)?.startTime ?? '' }),
      true,
    );
    await container.kill('SIGKILL');
    assert.deepEqual(await container.exited, { code: 137, signal: 'SIGKILL', outOfMemory: false });
    await container.kill('SIGTERM');
    await container.remove();
  });

  test(`start() reports the message of the runtime for a missing program, and leaves nothing (${name})`, async (t) => {
    const fixture = createContainerFixture(t);
    const runtime = await fixture.open({ runtime: name });
    const id = fixture.createId();
    await assert.rejects(
      runtime.start({ id, spec: fixture.spec(id, ['/no/such/program']) }),
      isSystemError(/^OCI runtime create failed: .*\/no\/such\/program.*no such file or directory$/i),
    );
    // The same ID can be started afterwards.
    const container = await runtime.start({ id, spec: fixture.spec(id, ['/bin/true']) });
    assert.equal((await container.exited).code, 0);
    await container.remove();
  });
}

test('start() refuses a container that exists, a bad id and a spec without a cgroup', async (t) => {
  const fixture = createContainerFixture(t);
  const runtime = await fixture.open();
  const id = fixture.createId();
  const container = await runtime.start({ id, spec: fixture.spec(id, ['/bin/sleep', '1000']) });
  await assert.rejects(runtime.start({ id, spec: fixture.spec(id, ['/bin/true']) }), { kind: 'conflict' });
  await assert.rejects(runtime.start({ id: '../x', spec: {} }), { kind: 'invalid' });
  for (const cgroupsPath of [undefined, 'relative', '/a/../../b', '/']) {
    const spec = fixture.spec(id, ['/bin/true'], { cgroupsPath });
    await assert.rejects(runtime.start({ id, spec }), { kind: 'invalid' });
  }
  await container.remove();
});

test('S20 a missing program is named, and found once it is there', async (t) => {
  const fixture = createContainerFixture(t);
  const id = fixture.createId();
  const spec = fixture.spec(id, ['/bin/true']);
  const withoutConmon = await fixture.open({ conmon: 'no-such-conmon' });
  await assert.rejects(
    withoutConmon.start({ id, spec }),
    isSystemError(/^cannot find "no-such-conmon" in PATH$/),
  );
  const path = join(fixture.execRoot, 'late-runc');
  const late = await fixture.open({ runtime: path });
  await assert.rejects(late.start({ id, spec }), isSystemError(/late-runc": it is not an executable file/));
  writeFileSync(path, '#!/bin/sh\nexec runc "$@"\n', { mode: 0o755 });
  const container = await late.start({ id, spec });
  assert.equal((await container.exited).code, 0);
  await container.remove();
});

for (const [name, script, message] of [
  ['fails', 'echo "no room on this host" >&2; exit 1', /no room on this host/],
  ['dies of a signal', 'kill -SEGV $$', /^conmon ended without a report/],
  ['hangs', 'sleep 1000', /did not report within 500 ms/],
] as const) {
  test(`S20 a runtime that ${name} gives a typed error and leaves nothing`, async (t) => {
    const fixture = createContainerFixture(t);
    const runtime = join(fixture.execRoot, 'broken');
    const opened = await fixture.open({ runtime, deadlines: { callMs: 500 } });
    writeFileSync(runtime, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const id = fixture.createId();
    await assert.rejects(opened.start({ id, spec: fixture.spec(id, ['/bin/true']) }), isSystemError(message));
    assert.deepEqual(processesNaming(fixture.execRoot), []);
  });
}

test('S13 a conmon that dies without a report: the error has its stderr', async (t) => {
  const fixture = createContainerFixture(t);
  const conmon = join(fixture.execRoot, 'conmon');
  const runtime = await fixture.open({ conmon });
  writeFileSync(conmon, '#!/bin/sh\necho "cannot do this" >&2\nexit 1\n', { mode: 0o755 });
  const id = fixture.createId();
  await assert.rejects(
    runtime.start({ id, spec: fixture.spec(id, ['/bin/true']) }),
    isSystemError(/^conmon ended without a report: cannot do this$/),
  );
});

test('start() ends at once when aborted and leaves nothing', async (t) => {
  const fixture = createContainerFixture(t);
  const slow = join(fixture.execRoot, 'slow');
  const runtime = await fixture.open({ runtime: slow });
  writeFileSync(slow, '#!/bin/sh\n: > "$0.called"\nsleep 1000\n', { mode: 0o755 });
  const id = fixture.createId();
  const abort = new AbortController();
  const started = runtime.start({ id, spec: fixture.spec(id, ['/bin/true']), signal: abort.signal });
  while (!existsSync(`${slow}.called`)) await new Promise((resolve) => setTimeout(resolve, 5));
  // The clean-up calls the runtime as well, which must not hang then.
  writeFileSync(slow, '#!/bin/sh\nexec runc "$@"\n', { mode: 0o755 });
  abort.abort(new Error('not wanted any more'));
  await assert.rejects(started, /not wanted any more/);
});

test('S07 remove() kills daemons in sessions of their own', async (t) => {
  const fixture = createContainerFixture(t);
  const runtime = await fixture.open();
  const id = fixture.createId();
  // Without a pid namespace the kernel does not kill them with the first process.
  const namespaces = ['mount', 'ipc'].map((type) => ({ type }));
  const script =
    'for i in 1 2 3; do setsid sh -c "trap \'\' TERM; sleep 1000" & done; sleep 0.1; echo ready; exec sleep 1000';
  const container = await runtime.start({
    id,
    spec: fixture.spec(id, ['/bin/sh', '-c', script], { namespaces }),
  });
  await waitForLines(container, 1);
  await container.kill('SIGKILL');
  await container.exited;
  // The fixture asserts that the cgroup is removed, which is impossible with a process in it.
  await container.remove();
});

test('S08 an out-of-memory kill is reported', async (t) => {
  const fixture = createContainerFixture(t);
  const runtime = await fixture.open();
  const id = fixture.createId();
  const limit = 16 * 1024 * 1024;
  const spec = fixture.spec(id, ['/bin/sh', '-c', 'x=0123456789; while :; do x=$x$x; done'], {
    resources: { memory: { limit, swap: limit } },
  });
  const container = await runtime.start({ id, spec });
  const exit = await container.exited;
  assert.equal(exit.signal, 'SIGKILL', (await container.readLogTail(5)).join());
  assert.equal(exit.outOfMemory, true);
  await container.remove();
});

test('S09 the log stays within its limit and its tail is bounded', async (t) => {
  const fixture = createContainerFixture(t);
  const maxLogBytes = 128 * 1024;
  const runtime = await fixture.open({ maxLogBytes });
  const id = fixture.createId();
  const script = 'head -c 3000000 /dev/zero | tr "\\0" x; seq 1 20000; echo last';
  const spec = fixture.spec(id, ['/bin/sh', '-c', script], {
    devices: [{ path: '/dev/zero', type: 'c', major: 1, minor: 5, fileMode: 0o666 }],
  });
  const container = await runtime.start({ id, spec });
  assert.equal((await container.exited).code, 0);
  assert.ok(readFileSync(join(fixture.bundle(id), 'logs', 'log')).length <= maxLogBytes + 4096);
  assert.deepEqual((await container.readLogTail(2)).slice(-2), ['20000', 'last']);
  assert.ok(Buffer.byteLength((await container.readLogTail(100_000)).join('\n')) <= 64 * 1024);
  await container.remove();
});

test('S12 a killed monitor is noticed and the container can be removed', async (t) => {
  const fixture = createContainerFixture(t);
  const runtime = await fixture.open();
  const id = fixture.createId();
  const container = await runtime.start({ id, spec: fixture.spec(id, ['/bin/sleep', '1000']) });
  const monitor = readMonitorPid(fixture.bundle(id));
  process.kill(monitor, 'SIGKILL');
  assert.deepEqual(await container.exited, { outOfMemory: false });
  await container.remove();
  assert.equal(identifyProcess(container.pid), undefined);
});

test('I07 a container inherits no descriptor, and others cannot read files of the bundle', async (t) => {
  const fixture = createContainerFixture(t);
  const runtime = await fixture.open();
  const id = fixture.createId();
  const container = await runtime.start({ id, spec: fixture.spec(id, ['/bin/ls', '-l', '/proc/self/fd']) });
  assert.equal((await container.exited).code, 0);
  const descriptors = (await container.readLogTail(20)).filter((line) => line.includes('->'));
  // Descriptors 0 to 2, and that of the directory listing.
  assert.equal(descriptors.length, 4, descriptors.join('\n'));
  assert.equal(readdirSync(fixture.bundle(id)).includes('config.json'), true);
  await container.remove();
});

function readMonitorPid(bundle: string): number {
  const record = JSON.parse(readFileSync(join(bundle, 'run.json'), 'utf8')) as { monitor: { pid: number } };
  return record.monitor.pid;
}
