/**
 * The restrictions of the unit are in force, and plugins can do under them all that they may.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { callApi } from '../support/daemon.ts';
import { perlPlugin } from '../support/perl-plugin.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { bootSystemdHost, needsSystemd, type SystemdHost } from '../support/systemd-host.ts';
import { outboard } from '../support/systemd-service.ts';

const skip = needsSystemd;
const plugin = { id: '', name: 'free' };
/** Numbers of swapon(2) and personality(2). */
const callNumbers: Partial<Record<NodeJS.Architecture, readonly [number, number]>> = {
  x64: [167, 135],
  arm64: [224, 92],
};

let host: SystemdHost;

/** A plugin on the bridge that mounts below its propagated mount; its layer holds what only root may make. */
function freePlugin(): Buffer {
  const options = perlPlugin('mounts', {
    Network: { Type: 'bridge' },
    Linux: { Capabilities: ['CAP_SYS_ADMIN'], AllowAllDevices: false, Devices: null },
  });
  const entries = [
    { name: 'usr-su', content: '', mode: 0o4755 },
    { name: 'device', type: 'character-device' as const, major: 1, minor: 3 },
  ];
  return pluginArchive({ ...options, entries });
}

before(async () => {
  if (skip !== false) return;
  host = await bootSystemdHost();
  await outboard(host, 'service', 'install', '--from-checkout', '--now');
  const socket = host.path('/run/outboard/outboard.sock');
  const created = await callApi(socket, 'POST', `/plugins/create?name=${plugin.name}`, {
    body: freePlugin(),
  });
  assert.equal(created.status, 204, created.text);
  plugin.id = await outboard(host, 'inspect', '--format', '{{.Id}}', plugin.name);
});
after(() => host?.[Symbol.asyncDispose]());

describe('under the restrictions of the unit', { skip }, () => {
  test('layers keep set-user-ID bits and devices', async () => {
    const rootfs = `/var/lib/outboard/plugins/${plugin.id}/rootfs`;
    assert.equal(await host.ok('stat', '-c', '%a %F', `${rootfs}/usr-su`), '4755 regular empty file');
    assert.equal(await host.ok('stat', '-c', '%F %t:%T', `${rootfs}/device`), 'character special file 1:3');
  });

  test('a plugin starts on the bridge, and its mounts reach the host', async () => {
    await outboard(host, 'enable', plugin.name);
    const mounted = `/var/lib/outboard/plugins/${plugin.id}/propagated-mount/leaked`;
    assert.equal(
      await host.ok('findmnt', '--noheadings', '--first-only', '--output', 'SOURCE', mounted),
      'leaked',
    );
    assert.match(await host.ok('ip', '-oneline', 'link', 'show', 'master', 'outboard0'), /UP/);
  });

  test('an unconfined plugin can neither add swap nor change its personality', async () => {
    await outboard(host, 'update', '--security-opt', 'seccomp=unconfined', plugin.name);
    await outboard(host, 'restart', '--force', plugin.name);
    const attempt = (call: string) =>
      outboard(host, 'exec', plugin.name, '/usr/bin/perl', '-e', `my $path = "/none"; ${call}; print "$!"`);
    const [swapon, personality] = callNumbers[process.arch] ?? [];
    assert.equal(await attempt(`syscall(${swapon}, $path, 0)`), 'Operation not permitted');
    assert.equal(await attempt(`syscall(${personality}, 8)`), 'Operation not permitted');
  });

  test('the exposure that systemd computes is bounded', async () => {
    const { stdout } = await host.run('systemd-analyze', 'security', '--no-pager', 'outboard.service');
    const [, exposure = '10'] = /Overall exposure level for outboard\.service: ([\d.]+)/.exec(stdout) ?? [];
    assert.ok(Number(exposure) <= 9.0, stdout);
  });
});
