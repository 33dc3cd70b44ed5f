/**
 * Plugins under the service on a host with systemd: operations on the units do not affect them.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { pollUntil } from '@outboard/async';
import { slowed } from '../support/slowness.ts';
import { bootSystemdHost, needsSystemd, type SystemdHost } from '../support/systemd-host.ts';
import {
  boundsOf,
  cgroupOnHost,
  outboard,
  parentOnHost,
  pidOnHost,
  type ServedPlugin,
  startBoundedPlugin,
  startForeignDaemon,
  stopForeignDaemon,
} from '../support/systemd-service.ts';

const skip = needsSystemd;
const bounds = { memory: String(64 * 1024 * 1024), quota: '50000', pids: '40' };

let host: SystemdHost;
let plugin: ServedPlugin;
/** Pid of the plugin's first process. */
let pid: number;

before(async () => {
  if (skip !== false) return;
  host = await bootSystemdHost();
  await outboard(host, 'service', 'install', '--from-checkout', '--now');
  plugin = await startBoundedPlugin(host, 'bounded');
  pid = await pidOnHost(host, plugin);
});

after(() => host?.[Symbol.asyncDispose]());

/** The plugin is the same process as at the beginning, within its limits, and commands run in it. */
async function assertUnharmed(): Promise<void> {
  assert.equal(await pidOnHost(host, plugin), pid, 'the plugin was started anew');
  assert.deepEqual(boundsOf(host, await cgroupOnHost(host, pid)), bounds);
  assert.equal(await outboard(host, 'exec', plugin.name, '/bin/echo', 'within'), 'within');
}

describe('the service on a host with systemd', { skip }, () => {
  test('a plugin and its monitor have scopes of their own, in one slice', async () => {
    assert.equal(await cgroupOnHost(host, pid), `/outboard.slice/outboard-${plugin.id}.scope`);
    const place = await cgroupOnHost(host, await parentOnHost(host, pid));
    assert.match(place, new RegExp(`^/outboard\\.slice/outboard-conmon-${plugin.id}-[0-9a-f]{16}\\.scope$`));
    assert.deepEqual(boundsOf(host, await cgroupOnHost(host, pid)), bounds);
  });

  test('at host shutdown plugins stop after the daemon, within their stop timeout', async () => {
    const show = (unit: string, ...properties: readonly string[]) =>
      host.ok('systemctl', 'show', `--property=${properties.join(',')}`, unit);
    const scope = await show(`outboard-${plugin.id}.scope`, 'Before', 'TimeoutStopUSec', 'CollectMode');
    assert.match(scope, /^Before=.*\boutboard\.service\b/m);
    assert.match(scope, /^TimeoutStopUSec=10s$/m);
    assert.match(scope, /^CollectMode=inactive-or-failed$/m);
    const monitor = (await cgroupOnHost(host, await parentOnHost(host, pid))).replace(/^.*\//, '');
    assert.match(await show(monitor, 'Before'), /\boutboard\.service\b/);
  });

  test('neither a signal to all processes of the service nor one that ends the daemon ends a plugin', async () => {
    await host.ok('systemctl', 'kill', '-s', 'HUP', 'outboard.service');
    await assertUnharmed();
    await host.ok('systemctl', 'kill', 'outboard.service');
    await host.ok('systemctl', 'start', 'outboard.service');
    await assertUnharmed();
  });

  test('a daemon restart keeps limits in force, and systemd reports no leftover process', async () => {
    await host.ok('systemctl', 'restart', 'outboard.service');
    await host.ok('systemctl', 'daemon-reload');
    await assertUnharmed();
    const lines = await host.ok('journalctl', '--no-pager', '-o', 'cat', '_PID=1');
    assert.match(lines, /outboard\.service/);
    assert.doesNotMatch(lines, /left-over process|remains running after unit stopped/i);
  });

  test('limits stay in force when the service is uninstalled and another daemon takes over the plugin', async () => {
    await outboard(host, 'service', 'uninstall');
    assert.deepEqual(boundsOf(host, await cgroupOnHost(host, pid)), bounds);
    await startForeignDaemon(host);
    await host.ok('systemctl', 'daemon-reload');
    await assertUnharmed();
    await stopForeignDaemon(host);
    await outboard(host, 'service', 'install', '--from-checkout', '--now');
  });

  test('new limits for a running plugin are in force at once, and stay in force', async () => {
    await outboard(host, 'update', '--memory', '48m', '--cpus', '0.25', '--pids-limit', '30', plugin.name);
    await host.ok('systemctl', 'daemon-reload');
    const other = { memory: String(48 * 1024 * 1024), quota: '25000', pids: '30' };
    assert.deepEqual(boundsOf(host, await cgroupOnHost(host, pid)), other);
    assert.equal(await pidOnHost(host, plugin), pid);
    await outboard(host, 'update', '--memory', '64m', '--cpus', '0.5', '--pids-limit', '40', plugin.name);
  });

  test('a plugin without a limit of processes has none, despite systemd’s default', async () => {
    await outboard(host, 'update', '--pids-limit', '0', plugin.name);
    await outboard(host, 'restart', '--force', plugin.name);
    assert.equal(host.cgroupFile(`/outboard.slice/outboard-${plugin.id}.scope`, 'pids.max'), 'max');
    await outboard(host, 'update', '--pids-limit', '40', plugin.name);
    pid = await pidOnHost(host, plugin);
    await assertUnharmed();
  });

  test('plugins are taken over by a daemon with the other cgroup driver, and change to it at a restart', async () => {
    const other = await startBoundedPlugin(host, 'other');
    const places = {
      systemd: `/outboard.slice/outboard-${other.id}.scope`,
      cgroupfs: `/outboard-${other.id}`,
    };
    const assertAt = async (place: string) => {
      const found = await pidOnHost(host, other);
      assert.equal(await cgroupOnHost(host, found), place);
      assert.deepEqual(boundsOf(host, place), bounds);
      assert.equal(await outboard(host, 'exec', other.name, '/bin/echo', 'within'), 'within');
      return found;
    };
    const first = await assertAt(places.systemd);
    await host.ok('systemctl', 'stop', 'outboard.socket', 'outboard.service');
    await startForeignDaemon(host, '--cgroup-driver', 'cgroupfs');
    assert.equal(await assertAt(places.systemd), first);
    await outboard(host, 'restart', '--force', other.name);
    const second = await assertAt(places.cgroupfs);
    await stopForeignDaemon(host);
    await host.ok('systemctl', 'start', 'outboard.socket', 'outboard.service');
    assert.equal(await assertAt(places.cgroupfs), second);
    await outboard(host, 'restart', '--force', other.name);
    await assertAt(places.systemd);
    assert.throws(() => host.cgroupFile(places.cgroupfs, 'cgroup.procs'), /no hierarchy has/);
    await outboard(host, 'rm', '--force', other.name);
    await assertUnharmed();
  });

  test('a plugin whose monitor ended while no daemon ran is restarted in its scope', async () => {
    const other = await startBoundedPlugin(host, 'orphan');
    const before = await pidOnHost(host, other);
    await host.ok('systemctl', 'stop', 'outboard.socket', 'outboard.service');
    await host.ok('kill', '-KILL', String(await parentOnHost(host, before)));
    await host.ok('systemctl', 'start', 'outboard.socket', 'outboard.service');
    await outboard(host, 'wait', other.name);
    const now = await pidOnHost(host, other);
    assert.notEqual(now, before);
    assert.equal(await cgroupOnHost(host, now), `/outboard.slice/outboard-${other.id}.scope`);
    await outboard(host, 'rm', '--force', other.name);
    // systemd reads the mount table with a delay when it changes often, so that units of mounts end later than mounts.
    let units = '';
    const isGone = await pollUntil(
      async () => {
        units = await host.ok('systemctl', 'list-units', '--all', '--plain', '--no-legend');
        return !units.includes(other.id);
      },
      { timeoutMs: slowed(30_000) },
    );
    assert.ok(isGone, units);
  });
});
