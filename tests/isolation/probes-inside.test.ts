/**
 * Access from inside a plugin's container, with and without privileges. Each line of the tables is a probe that runs in
 * the plugin.
 */
import assert from 'node:assert/strict';
import { readlinkSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { needsRoot } from '../support/needs-root.ts';
import { type ProbePlugin, startProbePlugin } from '../support/probe-plugin.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const skip = needsRoot;
/** Bits of Docker's 14 default capabilities in the masks of /proc/self/status; capability 21 is CAP_SYS_ADMIN. */
const defaultCapabilities = 0xa80425fbn;
const sysAdmin = 1n << 21n;

let opened: TestEngine;
/** No privileges. */
let plain: ProbePlugin;
/** Granted: the namespaces of the host, one device and one capability. */
let granted: ProbePlugin;

before(async () => {
  if (skip !== false) return;
  opened = await openTestEngine();
  plain = await startProbePlugin(opened, 'plain');
  granted = await startProbePlugin(opened, 'granted', {
    config: {
      Network: { Type: 'host' },
      PidHost: true,
      IpcHost: true,
      Linux: {
        Capabilities: ['CAP_SYS_ADMIN'],
        AllowAllDevices: false,
        Devices: [{ Name: 'fuse', Description: '', Path: '/dev/fuse', Settable: null }],
      },
    },
  });
});

after(() => opened?.[Symbol.asyncDispose]());

async function capabilities(plugin: ProbePlugin, set: string): Promise<bigint> {
  return BigInt(`0x${await plugin.shell(`grep ^Cap${set}: /proc/self/status | cut -f2`)}`);
}

test('I03 capabilities are the default ones, and those granted', { skip }, async () => {
  for (const set of ['Eff', 'Prm', 'Bnd']) {
    assert.equal(await capabilities(plain, set), defaultCapabilities, `plain, ${set}`);
    assert.equal(await capabilities(granted, set), defaultCapabilities | sysAdmin, `granted, ${set}`);
  }
  for (const set of ['Inh', 'Amb']) {
    assert.equal(await capabilities(plain, set), 0n, `plain, ${set}`);
    assert.equal(await capabilities(granted, set), 0n, `granted, ${set}`);
  }
});

test('I03 namespaces are the plugin\u2019s own unless the host\u2019s were granted', { skip }, async () => {
  for (const name of ['mnt', 'uts', 'pid', 'ipc', 'net']) {
    const ofHost = readlinkSync(`/proc/self/ns/${name}`);
    const command = `readlink /proc/self/ns/${name}`;
    assert.notEqual(await plain.shell(command), ofHost, name);
    const isAlwaysOwn = name === 'mnt' || name === 'uts';
    assert.equal((await granted.shell(command)) === ofHost, !isAlwaysOwn, name);
  }
});

/** Prints the mount point of the first cgroup hierarchy. */
const cgroupMount = `sed -n 's/^\\S* \\S* \\S* \\S* \\(\\S*\\) .* - cgroup2\\? .*/\\1/p' /proc/self/mountinfo | head -n 1`;

const denied: readonly (readonly [what: string, script: string])[] = [
  ['make and open a device that was not granted', 'mknod /tmp/kmsg c 1 11 && head -c 1 /tmp/kmsg'],
  ['make and open the disk of the host', 'mknod /tmp/disk b 254 0 && head -c 1 /tmp/disk'],
  ['open /dev/fuse', 'mknod /tmp/fuse c 10 229; exec 3<>/tmp/fuse'],
  ['mount a file system', 'mount -t tmpfs none /tmp'],
  ['unmount what makes /proc/sys read-only', 'umount /proc/sys'],
  ['change a kernel setting', 'echo x > /proc/sys/kernel/core_pattern'],
  ['write sysrq', 'echo h > /proc/sysrq-trigger'],
  ['write below /sys', 'echo 1 > /sys/kernel/profiling'],
  ['write a uevent helper', 'echo /tmp/x > /sys/kernel/uevent_helper'],
  ['make a cgroup', `mkdir "$(${cgroupMount})/x"`],
  ['write its device rules', 'echo a > /sys/fs/cgroup/devices/devices.allow'],
  ['set the time', 'date --set "2000-01-01"'],
  ['set the host name', 'hostname x'],
];

for (const [what, script] of denied) {
  test(`I20 a plugin without privileges cannot ${what}`, { skip }, async () => {
    const { code, stdout, stderr } = await plain.attempt(script);
    assert.notEqual(code, 0, stdout);
    assert.doesNotMatch(stderr, /not found|syntax error/i, 'the probe itself is broken');
  });
}

const masked = ['/proc/kcore', '/proc/keys', '/proc/timer_list', '/sys/firmware'];

test('I20 masked files of the kernel are empty', { skip }, async () => {
  for (const path of masked) {
    const { stdout } = await plain.attempt(
      `if [ -d ${path} ]; then ls -A ${path}; else head -c 10 ${path}; fi`,
    );
    assert.equal(stdout, '', path);
  }
});

test('I20 the processes and abstract sockets of the host are not visible', { skip }, async () => {
  assert.match(await plain.shell("tr '\\0' ' ' </proc/1/cmdline"), /^\S*node /);
  const sockets = await plain.shell('grep -c @ /proc/net/unix || true');
  assert.equal(sockets, '0');
});

test('I15 devices are those granted, and no other', { skip }, async () => {
  const list = ['fd', 'full', 'mqueue', 'null', 'ptmx', 'pts', 'random', 'shm'];
  list.push('stderr', 'stdin', 'stdout', 'tty', 'urandom', 'zero');
  assert.deepEqual((await plain.shell('ls /dev --ignore=core')).split('\n'), list);
  assert.deepEqual((await granted.shell('ls /dev --ignore=core')).split('\n'), [...list, 'fuse'].sort());
  await granted.shell('exec 3<>/dev/fuse');
  const { code } = await granted.attempt('mknod /tmp/kmsg c 1 11 && head -c 1 /tmp/kmsg');
  assert.notEqual(code, 0);
});

test('I07 no open file of the daemon or the runtime reaches the plugin', { skip }, async () => {
  const open = await plain.shell('for fd in /proc/1/fd/*; do readlink $fd; done');
  for (const target of open.split('\n')) {
    assert.match(target, /^(?:pipe|socket|anon_inode):|^\/dev\/null$/);
  }
});
