/**
 * Networks of plugins after a kill of the daemon: the next daemon takes them over, or removes them.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { checkDataRoot } from '../support/data-root.ts';
import { needsRoot } from '../support/needs-root.ts';
import { perlPluginArchive } from '../support/perl-plugin.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { untilGone } from '../support/restartable-daemon.ts';
import { pidOfPlugin, untilPluginAccepts } from '../support/running-plugins.ts';
import { bridgeFlags, createTestBridge, traceOf } from '../support/test-bridge.ts';

const skip = needsRoot;
const bridged = perlPluginArchive('plain', { Network: { Type: 'bridge' } });

interface Place {
  readonly trace: () => readonly string[];
  readonly startNext: () => Promise<TestDaemon>;
  daemon: TestDaemon;
}

async function openPlace(context: TestContext): Promise<Place> {
  const { home, remove } = await makeDaemonHome();
  const bridge = createTestBridge();
  const start = () => startDaemon({ home, args: bridgeFlags(bridge) });
  const place: Place = {
    daemon: await start(),
    trace: () => traceOf(bridge, place.daemon.execRoot),
    async startNext() {
      place.daemon = await start();
      return place.daemon;
    },
  };
  context.after(async () => {
    for (const { name } of checkDataRoot(place.daemon.dataRoot).plugins) {
      await pluginApi(place.daemon.socket).remove(name, { force: true });
    }
    await place.daemon.end('SIGTERM');
    assert.deepEqual(place.trace(), []);
    await remove();
  });
  return place;
}

async function enableBridged({ socket, dataRoot }: TestDaemon, name: string): Promise<string> {
  await pluginApi(socket).create(name, bridged);
  await pluginApi(socket).enable(name);
  const found = checkDataRoot(dataRoot).plugins.find((plugin) => plugin.name === `${name}:latest`);
  return found?.id ?? assert.fail(`no plugin ${name}`);
}

test('S15 a plugin on the bridge keeps its network through kill -9 of the daemon', {
  skip,
}, async (context) => {
  const place = await openPlace(context);
  const id = await enableBridged(place.daemon, 'steady');
  const { execRoot } = place.daemon;
  const pid = pidOfPlugin(execRoot, id);
  const before = place.trace();
  await place.daemon.end('SIGKILL');
  const next = await place.startNext();
  assert.equal(pidOfPlugin(execRoot, id), pid);
  assert.deepEqual(place.trace(), before);
  await pluginApi(next.socket).disable('steady');
  assert.deepEqual(place.trace(), []);
});

test('S15 kill -9 of daemon and plugin leaves no duplicate network, and none after the plugin is disabled', {
  skip,
}, async (context) => {
  const place = await openPlace(context);
  const id = await enableBridged(place.daemon, 'gone');
  const { execRoot } = place.daemon;
  const before = place.trace();
  const pid = pidOfPlugin(execRoot, id);
  await place.daemon.end('SIGKILL');
  process.kill(pid, 'SIGKILL');
  await untilGone(pid);
  assert.deepEqual(place.trace(), before);
  const next = await place.startNext();
  await untilPluginAccepts(execRoot, id);
  // The address differs; the number of each kind of rule is the same.
  assert.equal(place.trace().length, before.length);
  assert.notDeepEqual(place.trace(), before);
  await pluginApi(next.socket).disable('gone');
  assert.deepEqual(place.trace(), []);
});

test('a daemon does not start with an invalid subnet', { skip }, async (context) => {
  const { home, remove } = await makeDaemonHome();
  context.after(remove);
  await assert.rejects(
    startDaemon({ home, args: ['--bridge-subnet', '10.87.0.1/24'] }),
    /bridge subnet \\?"10\.87\.0\.1\/24\\?": it has bits set after the first 24; want \\?"10\.87\.0\.0\/24\\?"/,
  );
});
