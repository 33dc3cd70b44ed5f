/**
 * Calls through the gateway's sockets while the service restarts on a host with systemd: none fails.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { pollUntil } from '@outboard/async';
import { callApi } from '../support/daemon.ts';
import { slowed } from '../support/slowness.ts';
import { bootSystemdHost, needsSystemd, type SystemdHost } from '../support/systemd-host.ts';
import { outboard, type ServedPlugin, startBoundedPlugin } from '../support/systemd-service.ts';

const skip = needsSystemd;
const directory = '/run/docker/plugins';
const unit = 'outboard.service';
const [callCount, restartCount] = [10_000, 20];

let host: SystemdHost;
let plugin: ServedPlugin;

before(async () => {
  if (skip !== false) return;
  host = await bootSystemdHost();
  await outboard(host, 'service', 'install', '--from-checkout', '--now');
  plugin = await startBoundedPlugin(host, 'acme/store');
  await call(new Agent(), 'VolumeDriver.Create');
});
after(() => host?.[Symbol.asyncDispose]());

/** Call the plugin, with all that a client does but no second attempt. @returns the body of the answer */
async function call(agent: Agent, method: string, socket = `${directory}/store.sock`): Promise<string> {
  const sent = request({ socketPath: host.path(socket), path: `/${method}`, method: 'POST', agent });
  const [response] = await once(sent.end(JSON.stringify({ Name: 'v' })), 'response');
  const body = await text(response);
  assert.equal(response.statusCode, 200, `${response.statusCode} ${body}`);
  return body;
}

/** Restart the daemon. Nothing here limits the number of starts. */
async function restart(): Promise<void> {
  await host.ok('systemctl', 'reset-failed', unit);
  await host.ok('systemctl', 'restart', unit);
}

async function storedDescriptors(): Promise<number> {
  return Number(await host.ok('systemctl', 'show', '--value', '--property=NFileDescriptorStore', unit));
}

describe('the sockets of the gateway', { skip }, () => {
  test(`answer ${callCount} calls over ${restartCount} restarts of the daemon`, async () => {
    const { ino } = lstatSync(host.path(`${directory}/store.sock`));
    let [calls, restarts] = [0, 0];
    const clients = [true, false, true, false, true, false, true, false].map(async (keepAlive) => {
      const agent = new Agent({ keepAlive });
      while (calls < callCount || restarts < restartCount) {
        calls += 1;
        assert.match(await call(agent, 'VolumeDriver.Capabilities'), /"Scope":"local"/);
      }
      agent.destroy();
    });
    const restarting = (async () => {
      for (; restarts < restartCount; restarts += 1) {
        // Calls go on between two restarts.
        const before = calls;
        await pollUntil(() => calls > before + callCount / restartCount / 2, { timeoutMs: slowed(30_000) });
        await restart();
      }
    })();
    await Promise.all([...clients, restarting]);
    assert.ok(calls >= callCount);
    assert.equal(lstatSync(host.path(`${directory}/store.sock`)).ino, ino, 'the socket was made anew');
  });

  test('keep an idle connection over a restart, for its next call', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const connections = new Set<unknown>();
    agent.on('free', (socket) => connections.add(socket));
    for (const _ of [1, 2]) {
      await call(agent, 'VolumeDriver.Get');
      await restart();
    }
    await call(agent, 'VolumeDriver.Get');
    assert.equal(connections.size, 1, 'the client had to connect again');
    agent.destroy();
    await restart();
    assert.equal(await storedDescriptors(), 1, 'connections stay in the store');
  });

  test('keep a call that was made after the daemon was killed, for the next one', async () => {
    await host.ok('systemctl', 'reset-failed', unit);
    await host.ok('systemctl', 'kill', '--signal=KILL', '--kill-who=main', unit);
    await call(new Agent(), 'VolumeDriver.Get');
  });

  test('are no legacy plugins of the daemon, which looks for those in the same directory', async () => {
    const { status, text: body } = await callApi(
      host.path('/run/outboard/outboard.sock'),
      'POST',
      '/volumes/create',
      {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ Name: 'x', Driver: 'store' }),
      },
    );
    assert.equal(status, 404, body);
  });

  test('are forgotten with the plugin, and come back with it', async () => {
    assert.equal(await storedDescriptors(), 1);
    await outboard(host, 'disable', '--force', plugin.name);
    assert.equal(existsSync(host.path(`${directory}/store.sock`)), false);
    // The manager reads the notification on its own time.
    assert.ok(await pollUntil(async () => (await storedDescriptors()) === 0, { timeoutMs: slowed(30_000) }));
    await restart();
    assert.deepEqual(readdirSync(host.path(directory)), []);
    await outboard(host, 'enable', plugin.name);
    await call(new Agent(), 'VolumeDriver.Get');
  });

  test('move to another directory with the configuration', async () => {
    const dropIns = host.path(`/etc/systemd/system/${unit}.d`);
    const start = /ExecStart=(.*)/.exec(await host.ok('systemctl', 'cat', unit))?.[1];
    mkdirSync(dropIns);
    writeFileSync(
      `${dropIns}/directory.conf`,
      `[Service]\nExecStart=\nExecStart=${start} --gateway-dir /run/other\n`,
    );
    await host.ok('systemctl', 'daemon-reload');
    await restart();
    await call(new Agent(), 'VolumeDriver.Get', '/run/other/store.sock');
    assert.deepEqual(readdirSync(host.path(directory)), []);
    assert.ok(await pollUntil(async () => (await storedDescriptors()) === 1, { timeoutMs: slowed(30_000) }));
  });
});
