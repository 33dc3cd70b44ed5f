/**
 * Upgrades of an enabled plugin on real parts, under a load of calls and with a volume in use: an ext4 on a loop device, which
 * the kernel serves. No call fails, the mount stays the same, and a version that does not serve is switched back.
 */
import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { PluginDriver, ServingChange, UpgradeRequest } from '@outboard/engine';
import { createVolumeDriver, isOutboardError } from '@outboard/engine';
import { ext4Plugin, needsExt4 } from '../support/ext4-plugin.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { type ConfigDocument, fixtureSocket } from '../support/plugin-fixture.ts';
import { untilState } from '../support/plugin-states.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const name = 'acme/disk';

interface Version {
  readonly config?: ConfigDocument;
  /** Name of the socket on which it listens and that its config names. */
  readonly socket?: string;
}

const perl = (program: string): Version => ({
  config: { Entrypoint: ['/usr/bin/perl', '-e', `$| = 1; ${program}`] },
});

/** Versions by tag. */
const versions: Readonly<Record<string, Version>> = {
  v1: {},
  v2: { config: { Description: 'version two' }, socket: 'other.sock' },
  exits: perl('print "no disk\\n"; exit 3'),
  silent: perl('print "waiting\\n"; sleep 600'),
  brief: perl(`
    use IO::Socket::UNIX;
    my $server = IO::Socket::UNIX->new(Local => '/run/docker/plugins/${fixtureSocket}', Listen => 9);
    select undef, undef, undef, 0.1;
    print "gone\\n";
    exit 4`),
  missing: { config: { Entrypoint: ['/no/such/program'] } },
};

/** The plugin of a version. */
function contextOf({ config = {}, socket = fixtureSocket }: Version): AsyncGenerator<Buffer> {
  const types = { Interface: { Types: ['docker.volumedriver/1.0'], Socket: socket } };
  const { files = {}, ...plugin } = ext4Plugin('none', { ...types, ...config });
  const entries = Object.entries(files).map(([path, text]) => [path, text.replace(fixtureSocket, socket)]);
  return pluginContext({ ...plugin, files: Object.fromEntries(entries) });
}

describe('an upgrade of an enabled plugin', { skip: needsRoot || needsExt4 }, () => {
  let registry: TestRegistry;
  let subject: TestEngine;
  let path: string;
  let device: number;
  const changes: ServingChange['kind'][] = [];

  before(async () => {
    registry = await startRegistry();
    subject = await openTestEngine({ backOff: { initialMs: 10 } });
    const { engine } = subject;
    for (const [tag, version] of Object.entries(versions)) {
      const remote = remoteOf(tag);
      await engine.create({ name: remote, context: contextOf(version) });
      await engine.push({ plugin: remote });
      await engine.remove(remote);
    }
    await engine.pull({ name, remote: remoteOf('v1'), privileges: await engine.privileges(remoteOf('v1')) });
    await engine.enable(name);
    await engine.volumes.create({ name: 'data', driver: name });
    path = await engine.volumes.mount('data', 'web');
    device = statSync(path).dev;
    engine.serving.onChange(({ kind }) => changes.push(kind));
  });
  after(async () => {
    await subject[Symbol.asyncDispose]();
    await registry.stop();
  });

  const remoteOf = (tag: string) => `${registry.host}/acme/disk:${tag}`;

  async function upgrade(tag: string, options: Partial<UpgradeRequest> = {}): Promise<void> {
    const remote = remoteOf(tag);
    const privileges = await subject.engine.privileges(remote);
    await subject.engine.upgrade({
      plugin: name,
      remote,
      privileges,
      isLive: true,
      probationMs: 300,
      ...options,
    });
  }

  /** Call the driver without a pause while work is under way. @throws the error of the first call that failed */
  async function underLoad(driver: PluginDriver, work: () => Promise<void>): Promise<number> {
    let calls = 0;
    let isOver = false;
    const call = async () => {
      for (; !isOver; calls += 1) {
        const found = await createVolumeDriver(driver.client).get('data');
        assert.equal(found?.name, 'data');
      }
    };
    const load = Promise.all([call(), call(), call()]);
    try {
      await Promise.race([work(), load.then(() => assert.fail('the load has ended'))]);
    } finally {
      isOver = true;
    }
    await load;
    return calls;
  }

  /** Assert that the volume is mounted as from the beginning, and that the plugin is enabled and runs. */
  async function assertServes(file: string): Promise<void> {
    assert.equal(statSync(path).dev, device, 'the volume is another file system');
    assert.equal(await subject.engine.volumes.mount('data', 'backup'), path);
    await subject.engine.volumes.unmount('data', 'backup');
    assert.ok(existsSync(join(path, file)));
    const plugin = subject.engine.inspect(name);
    assert.equal(plugin.enabled, true);
    assert.equal(subject.engine.state(name).status, 'running');
  }

  it('fails no call and keeps its mounts, forward and back', async () => {
    const { engine } = subject;
    // A client from before the upgrade, and a file that stays open.
    const driver = await engine.drivers.find(name, 'volumedriver');
    const file = openSync(join(path, 'log'), 'a');
    try {
      const calls = await underLoad(driver, async () => {
        await upgrade('v2');
        writeSync(file, 'two ');
        assert.equal(engine.inspect(name).config.description, 'version two');
        await engine.rollback(name, { probationMs: 300 });
        writeSync(file, 'one');
        assert.notEqual(engine.inspect(name).config.description, 'version two');
      });
      assert.ok(calls > 10, `${calls} calls`);
    } finally {
      closeSync(file);
    }
    assert.equal(readFileSync(join(path, 'log'), 'utf8'), 'two one');
    assert.deepEqual(changes, ['upgraded', 'upgraded']);
    await assertServes('log');
  });

  it('is like a restart and a crash, which fail no call either', async () => {
    const { engine } = subject;
    const driver = await engine.drivers.find(name, 'volumedriver');
    await underLoad(driver, async () => {
      await engine.restart(name, { force: true });
      const { pid } = await untilState(engine, name, 'running');
      process.kill(pid, 'SIGKILL');
      await untilState(engine, name, 'running', (state) => state.pid !== pid);
      await engine.serving.ready(engine.inspect(name).id);
    });
    await assertServes('log');
  });

  for (const [tag, title, reason] of [
    ['exits', 'exits at once', /exited with code 3.*its last log lines: "no disk"/],
    ['silent', 'never listens', /did not accept a connection within 1 s.*"waiting"/],
    [
      'brief',
      'ends after a moment',
      // By what is asked of it when it ends: nothing, a call, or the check of a mount.
      /exited with code 4.*"gone"|plugin-connection-lost|connect: |lost the conn|the plugin ended before/,
    ],
  ] as const) {
    it(`to a version that ${title} is switched back, and fails no call`, async () => {
      const before = subject.engine.inspect(name);
      const driver = await subject.engine.drivers.find(name, 'volumedriver');
      await underLoad(driver, async () => {
        await assert.rejects(upgrade(tag, { timeoutSeconds: tag === 'silent' ? 1 : 30 }), (error) => {
          assert.ok(isOutboardError(error) && error.code === 'rolled-back', String(error));
          assert.match(error.message, /was not upgraded, and the installed version runs again: /);
          assert.match(error.message, reason);
          return true;
        });
      });
      assert.deepEqual(subject.engine.inspect(name), before);
      await assertServes('log');
    });
  }

  it('to a version without its program is refused while the old one runs', async () => {
    const { engine } = subject;
    const before = engine.state(name);
    await assert.rejects(upgrade('missing'), { code: 'preflight' });
    assert.deepEqual(engine.state(name), before);
    await assertServes('log');
  });
});
