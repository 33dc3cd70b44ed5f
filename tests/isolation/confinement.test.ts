/**
 * Confinement of a plugin's container, seen from inside: system calls, privileges on exec, kernel files, devices and
 * mount propagation.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { needsRoot } from '../support/needs-root.ts';
import { type ProbePlugin, startProbePlugin } from '../support/probe-plugin.ts';
import { systemCall } from '../support/system-calls.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const skip = needsRoot;

let opened: TestEngine;
/** No privileges. */
let plain: ProbePlugin;
/** May mount, and shares a directory with the host. */
let mounter: ProbePlugin;
/** Sees the processes of the host. */
let watcher: ProbePlugin;
/** All devices. */
let electrician: ProbePlugin;

before(async () => {
  if (skip !== false) return;
  opened = await openTestEngine();
  const linux = { Capabilities: null, AllowAllDevices: false, Devices: null };
  plain = await startProbePlugin(opened, 'plain');
  mounter = await startProbePlugin(opened, 'mounter', {
    config: {
      PropagatedMount: '/mnt/volumes',
      Linux: { ...linux, Capabilities: ['CAP_SYS_ADMIN'] },
      Mounts: [{ ...bindOf('/etc', '/host/etc'), Options: ['rbind', 'ro'] }, bindOf('/tmp', '/host/tmp')],
    },
  });
  watcher = await startProbePlugin(opened, 'watcher', { config: { PidHost: true } });
  electrician = await startProbePlugin(opened, 'electrician', {
    config: { Linux: { ...linux, AllowAllDevices: true } },
  });
});

after(() => opened?.[Symbol.asyncDispose]());

function bindOf(source: string, destination: string) {
  const options = { Options: ['rbind'], Settable: null };
  return {
    Name: destination,
    Description: '',
    Source: source,
    Destination: destination,
    Type: 'bind',
    ...options,
  };
}

/** `/proc/self/status` inside the container. */
async function statusOf(plugin: ProbePlugin, field: string): Promise<string> {
  return await plugin.shell(`sed -n 's/^${field}:\\s*//p' /proc/self/status`);
}

test('I20 plugins run with a seccomp filter and no_new_privs', { skip }, async () => {
  for (const plugin of [plain, mounter, watcher]) {
    assert.equal(await statusOf(plugin, 'Seccomp'), '2');
    assert.equal(await statusOf(plugin, 'NoNewPrivs'), '1');
  }
});

// No capability guards these calls: without the filter each of them succeeds.
for (const name of ['move_pages', 'userfaultfd', 'kcmp'] as const) {
  test(`I20 the system call ${name} is forbidden to a plugin without privileges`, { skip }, async () => {
    assert.equal(await plain.shell(systemCall(name)), 'EPERM');
  });
}

test('I20 a plugin that was granted CAP_SYS_ADMIN can mount, and create and enter namespaces', {
  skip,
}, async () => {
  await mounter.shell('mkdir -p /tmp/m && mount -t tmpfs m /tmp/m && umount /tmp/m');
  await mounter.shell('unshare --mount --net true && nsenter --net=/proc/1/ns/net true');
});

test('threads, and programs of other users, work under the seccomp filter', { skip }, async () => {
  assert.equal(await plain.shell(`setpriv --reuid 1000 --regid 1000 --clear-groups id -u`), '1000');
  assert.equal(await plain.shell(`perl -e 'print "ok" if fork() || exit'`), 'ok');
});

test('I20 kernel files with data about the host are empty, or AppArmor denies them', { skip }, async () => {
  const paths =
    '/proc/kcore /proc/keys /proc/timer_list /proc/interrupts /proc/scsi /proc/acpi /sys/firmware';
  for (const plugin of [plain, watcher]) {
    for (const path of paths.split(' ')) {
      const look = `if [ -d ${path} ]; then ls -A ${path}; elif [ -e ${path} ]; then head -c 10 ${path}; fi`;
      const { code, stdout, stderr } = await plugin.attempt(look);
      assert.equal(stdout, '', path);
      if (code !== 0) assert.match(stderr, /: Permission denied\n$/, path);
    }
  }
});

test('I20 kernel settings are read-only, also in the pid namespace of the host', { skip }, async () => {
  const mountsOf = async (plugin: ProbePlugin) => parseMounts(await plugin.shell('cat /proc/self/mountinfo'));
  for (const plugin of [plain, watcher]) {
    const mounts = await mountsOf(plugin);
    for (const path of ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger', '/sys']) {
      const { code } = await plugin.attempt(`test -e ${path}`);
      if (code !== 0) continue;
      assert.match(mounts.get(path)?.options ?? '', /^ro,/, path);
    }
    const cgroups = [...mounts].filter(([, { fileSystem }]) => /^cgroup2?$/.test(fileSystem));
    assert.ok(cgroups.length > 0, 'no cgroup is mounted');
    for (const [path, { options }] of cgroups) assert.match(options, /^ro,/, path);
    const { code, stderr } = await plugin.attempt('echo x > /proc/sys/kernel/core_pattern');
    assert.notEqual(code, 0);
    assert.match(stderr, /Read-only file system|Permission denied/);
  }
});

test('I20 a plugin in the pid namespace of the host sees this process, but cannot read its files or memory', {
  skip,
}, async () => {
  const process_ = `/proc/${process.pid}`;
  assert.match(await watcher.shell(`tr '\\0' ' ' < ${process_}/cmdline`), /node/);
  for (const attempt of [
    `ls ${process_}/root/`,
    `cat ${process_}/environ`,
    `ls -l ${process_}/fd/`,
    `head -c 1 ${process_}/mem`,
  ]) {
    const { code } = await watcher.attempt(attempt);
    assert.notEqual(code, 0, attempt);
  }
});

/** Creates a device node and opens it. */
const openDevice = (type: 'b' | 'c', major: number, minor: number) =>
  `rm -f /tmp/node; mknod /tmp/node ${type} ${major} ${minor} && head -c 0 /tmp/node`;

test('I15 the device cgroup permits the default devices, and others only with allowAllDevices', {
  skip,
}, async () => {
  const harmless = [
    [1, 3],
    [1, 5],
    [1, 8],
    [1, 9],
  ] as const;
  for (const [major, minor] of harmless) await plain.shell(openDevice('c', major, minor));
  // Memory, kernel log, loop control, FUSE. (runc opens the TUN device, 10:200, to every container; its use takes
  // CAP_NET_ADMIN.)
  const others = [
    [1, 1],
    [1, 11],
    [10, 237],
    [10, 229],
  ] as const;
  for (const [major, minor] of others) {
    const { code, stderr } = await plain.attempt(openDevice('c', major, minor));
    assert.notEqual(code, 0, `${major}:${minor}`);
    assert.match(stderr, /Operation not permitted/, `${major}:${minor}`);
  }
  await electrician.shell(openDevice('c', 10, 229));
});

/** Mounts by mount point. */
interface SeenMount {
  readonly fileSystem: string;
  readonly options: string;
  /** Peer group through which mounts propagate in both directions; absent: none. */
  readonly sharedGroup: string | undefined;
}

function parseMounts(mountinfo: string): ReadonlyMap<string, SeenMount> {
  const mounts = mountinfo
    .trim()
    .split('\n')
    .map((line): [string, SeenMount] => {
      const [, , , , mountPoint = '', options = '', ...rest] = line.split(' ');
      const fileSystem = rest[rest.indexOf('-') + 1] ?? '';
      return [
        mountPoint,
        { options, fileSystem, sharedGroup: rest.find((word) => word.startsWith('shared:')) },
      ];
    });
  return new Map(mounts);
}

test('I13 mounts of plugin and host are separate, except below the propagated mount', { skip }, async () => {
  const ofHost = new Set(
    [...parseMounts(readFileSync('/proc/self/mountinfo', 'utf8')).values()].flatMap(
      ({ sharedGroup }) => sharedGroup ?? [],
    ),
  );
  const sharedWithHost = async (plugin: ProbePlugin) => {
    const mounts = parseMounts(await plugin.shell('cat /proc/self/mountinfo'));
    assert.ok(mounts.size > 10, 'the mounts of the plugin were not read');
    return [...mounts]
      .filter(([, mount]) => mount.sharedGroup && ofHost.has(mount.sharedGroup))
      .map(([path]) => path);
  };
  assert.deepEqual(await sharedWithHost(plain), []);
  assert.deepEqual(await sharedWithHost(mounter), ['/mnt/volumes']);
});
