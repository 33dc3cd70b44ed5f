/**
 * Checks before a start: everything that the host lacks in one error, directories that are created, and the wait for
 * readiness.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { isOutboardError } from '@outboard/engine';
import { makeDaemonHome, startDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const name = 'acme/preflight:latest';
const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));
const run = promisify(execFile);

/** An engine with one plugin. */
async function openWith(context: TestContext, config: (home: string) => object): Promise<TestEngine> {
  const opened = await openTestEngine();
  context.after(() => opened[Symbol.asyncDispose]());
  const home = join(opened.dataRoot, '..');
  await opened.engine.create({ name, context: pluginContext({ config: { ...config(home) } }) });
  return opened;
}

function mount(Source: string | null, Destination: string) {
  return { Name: Destination.slice(1), Source, Destination, Type: 'bind', Options: ['rbind'] };
}

describe('preflight', { skip: needsRoot }, () => {
  test('enable reports everything that the host lacks, one finding per line, and changes nothing', async (context) => {
    const { engine, execRoot, dataRoot } = await openWith(context, (home) => ({
      Mounts: [mount(null, '/none'), mount(join(home, 'absent/a'), '/a')],
      Linux: { Devices: [{ Name: 'd', Path: '/dev/outboard-none' }] },
    }));
    await assert.rejects(engine.enable(name, { createMounts: true }), (error) => {
      assert.ok(isOutboardError(error, 'invalid'), String(error));
      assert.equal(error.code, 'preflight');
      assert.deepEqual(
        error.message.split('\n').map((line) => line.replace(/[;:] .*/, '')),
        [
          'mount source is not specified',
          'error gathering device information while adding custom device "/dev/outboard-none"',
        ],
      );
      return true;
    });
    assert.equal(
      existsSync(join(dataRoot, '../absent')),
      false,
      'a directory was made for a plugin that cannot start',
    );
    assert.equal(existsSync(join(execRoot, 'plugins')), false, 'something was begun');
    const found = await engine.preflight(name);
    assert.deepEqual(
      found.map(({ what }) => what),
      ['mount "none"', 'mount "a"', 'device "/dev/outboard-none"'],
    );
    assert.equal(engine.inspect(name).enabled, false);
  });

  test('enable creates missing directories on request', async (context) => {
    const { engine, dataRoot } = await openWith(context, (home) => ({
      Mounts: [mount(join(home, 'made/deep'), '/a')],
    }));
    await assert.rejects(
      engine.enable(name),
      /^OutboardError: bind source path does not exist: .*--create-mounts/,
    );
    await engine.enable(name, { createMounts: true });
    const made = statSync(join(dataRoot, '../made/deep'));
    assert.deepEqual([made.isDirectory(), made.mode & 0o777, made.uid], [true, 0o755, 0]);
  });

  test('a directory is never created in place of a socket, a device or a file, nor below /proc', async (context) => {
    const { engine, dataRoot } = await openWith(context, (home) => ({
      Mounts: [
        mount(join(home, 'made'), '/made'),
        mount(join(home, 'absent/docker.sock'), '/run/docker.sock'),
      ],
    }));
    await assert.rejects(engine.enable(name, { createMounts: true }), {
      kind: 'invalid',
      message: /absent\/docker\.sock"; start the program that makes this socket$/,
    });
    const left = ['made', 'absent'].filter((path) => existsSync(join(dataRoot, '..', path)));
    assert.deepEqual(left, [], 'directories were made');
    for (const source of ['/dev/outboard-none', '/proc/outboard-none', '/sys/outboard-none/deep']) {
      const config = { Mounts: [mount(source, '/a')] };
      await engine.create({ name: 'acme/kernel', context: pluginContext({ config }) });
      await assert.rejects(engine.enable('acme/kernel', { createMounts: true }), /does not exist/, source);
      await engine.remove('acme/kernel');
    }
    const config = { Mounts: [mount(join(dataRoot, '../token'), '/etc/token')] };
    const entries = [{ name: 'etc/token', content: '' }];
    await engine.create({ name: 'acme/file', context: pluginContext({ config, entries }) });
    await assert.rejects(engine.enable('acme/file', { createMounts: true }), /; make the file$/);
  });

  test('untilReady() resolves when the plugin is enabled, and at once when it runs already', async (context) => {
    const { engine } = await openWith(context, () => ({}));
    const waiting = engine.untilReady(name);
    await engine.enable(name);
    await waiting;
    assert.equal(engine.state(name).status, 'running');
    await engine.untilReady(name);
  });

  test('untilReady() rejects when the plugin is removed, and when its signal aborts', async (context) => {
    const { engine } = await openWith(context, () => ({}));
    await assert.rejects(engine.untilReady('acme/absent'), { kind: 'not-found' });
    await assert.rejects(
      engine.untilReady(name, { signal: AbortSignal.abort(new Error('enough')) }),
      /enough/,
    );
    const waiting = assert.rejects(engine.untilReady(name), { kind: 'not-found' });
    await engine.remove(name);
    await waiting;
  });

  test('a private mount namespace is reported by the doctor and by a starting daemon', async (context) => {
    const { home, remove } = await makeDaemonHome();
    context.after(remove);
    const inOwn = ['--mount', '--propagation', 'slave', program, 'daemon'];
    const { stdout } = await run('unshare', [...inOwn, 'doctor']);
    const checks: readonly { Name: string; Status: string }[] = JSON.parse(stdout).Checks;
    const statusOf = (wanted: string) => checks.find(({ Name }) => Name === wanted)?.Status;
    assert.equal(statusOf('mount namespace'), 'warn');
    const daemon = await startDaemon({
      home,
      around: ['unshare', '--mount', '--propagation', 'slave'],
    });
    await daemon.untilLogged(/the mount namespace is one of its own/);
    await daemon.end('SIGTERM');
    const here = JSON.parse((await run(program, ['daemon', 'doctor'])).stdout);
    const ok = here.Checks.find(({ Name }: { readonly Name: string }) => Name === 'mount namespace');
    assert.equal(ok.Status, 'ok');
  });

  test('S21 cgroups that are mounted read-only are reported by the doctor', async () => {
    // In a mount namespace of its own, as in a container that cannot create cgroups.
    const script = `
      grep -oE ' /sys/fs/cgroup[^ ]* .* - cgroup2? ' /proc/self/mountinfo | cut -d' ' -f2 |
        while read -r path; do mount -o remount,bind,ro "$path" || exit 1; done
      exec "$0" daemon doctor`;
    const { stdout } = await run('unshare', ['--mount', 'sh', '-c', script, program]);
    const checks: readonly { Name: string; Status: string; Message: string }[] = JSON.parse(stdout).Checks;
    const found = checks.find(({ Name }) => Name === 'cgroups');
    assert.equal(found?.Status, 'fail');
    assert.match(found.Message, /^the cgroup file system is mounted read-only$/);
  });
});
