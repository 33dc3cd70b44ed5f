/**
 * The security options of plugins in containers of the real runtime: each test runs a script inside and reads what it
 * said.
 */
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { cgroups, createAppArmor } from '@outboard/container';
import {
  type ContainerFixture,
  createContainerFixture,
  setFileCapabilities,
} from '@outboard/container/testing';
import { parsePluginConfig } from '../config/parse-plugin-config.ts';
import type { SecurityOptions } from '../config/plugin-options.ts';
import { initialSettings } from '../config/settings.ts';
import { createRuntimeSpec } from './create-runtime-spec.ts';
import { decidePluginSecurity } from './plugin-security.ts';

/** Prints `ok`, or the number of the error, of a system call of x86-64. */
const call = (numberAndArguments: string) =>
  `perl -e 'print syscall(${numberAndArguments}) < 0 ? $!+0 : "ok"'; echo`;
const keyctl = call(process.arch === 'arm64' ? '219, 0, -3, 0' : '250, 0, -3, 0');
/** AF_VSOCK, SOCK_STREAM. */
const virtualMachineSocket = call(process.arch === 'arm64' ? '198, 40, 1, 0' : '41, 40, 1, 0');
const notPermitted = '1'; // EPERM

interface Box {
  readonly fixture: ContainerFixture;
  /** Run a shell script in a container of its own. @returns the lines that it said */
  run(
    script: string,
    options?: SecurityOptions,
    capabilities?: readonly string[],
  ): Promise<readonly string[]>;
}

async function openBox(t: TestContext): Promise<Box> {
  const fixture = createContainerFixture(t);
  const runtime = await fixture.open();
  const sockets = join(fixture.execRoot, 'sockets');
  mkdirSync(sockets);
  const appArmor = createAppArmor(join(fixture.execRoot, 'apparmor'));
  return {
    fixture,
    async run(script, options = {}, capabilities = []) {
      const config = parsePluginConfig(
        Buffer.from(
          JSON.stringify({
            entrypoint: ['/bin/sh', '-c', `{ ${script}\n} 2>&1`],
            linux: { capabilities },
            mounts: ['/usr', '/bin', '/lib', '/lib64'].map((path) => ({
              type: 'bind',
              source: path,
              destination: path,
              options: ['rbind', 'ro'],
            })),
          }),
        ),
      ).config;
      const id = fixture.createId();
      const { security } = await decidePluginSecurity(config, options, appArmor);
      const { spec } = createRuntimeSpec({
        config,
        settings: initialSettings(config),
        security,
        rootfsPath: fixture.rootfs,
        socketDirectory: sockets,
        devices: [],
        cgroupsPath: cgroups.createPath(id, 'cgroupfs'),
      });
      const container = await runtime.start({ id, spec });
      await container.exited;
      const lines = await container.readLogTail(100);
      await container.remove();
      return lines;
    },
  };
}

test('I20 the built-in profile keeps keyrings, namespaces and the hypervisor from a plugin; "unconfined" does not', async (t) => {
  const { run } = await openBox(t);
  const script = `${keyctl}; ${virtualMachineSocket}; unshare --user true && echo made`;
  const [key, socket, namespace] = await run(script, { seccomp: 'builtin' });
  assert.deepEqual([key, socket], [notPermitted, notPermitted]);
  assert.match(namespace ?? '', /unshare failed: Operation not permitted/);
  const unconfined = await run(script, { seccomp: 'unconfined' });
  assert.deepEqual([unconfined[0], unconfined[2]], ['ok', 'made']);
  assert.notEqual(unconfined[1], notPermitted, 'no filter, but the kernel may lack the family');
});

test('I20 the built-in profile opens with CAP_SYS_ADMIN what mounting plugins need', async (t) => {
  const { run } = await openBox(t);
  const script = `${keyctl}; mount -t tmpfs x /tmp && umount /tmp && echo mounted; unshare --user true && echo made`;
  assert.deepEqual(await run(script, { seccomp: 'builtin' }, ['CAP_SYS_ADMIN']), ['ok', 'mounted', 'made']);
});

test('the filter allows the calls of the runtime itself where new privileges are allowed', async (t) => {
  const { run } = await openBox(t);
  const script = `grep -E '^(Seccomp|NoNewPrivs):' /proc/self/status; ${keyctl}`;
  const options = { seccomp: 'builtin', noNewPrivileges: false };
  assert.deepEqual(await run(script, options), ['NoNewPrivs:\t0', 'Seccomp:\t2', notPermitted]);
});

test("the operator's profile replaces the built-in one", async (t) => {
  const { run, fixture } = await openBox(t);
  const path = join(fixture.execRoot, 'profile.json');
  const names = ['mkdir', 'mkdirat'];
  const syscalls = [{ names, action: 'SCMP_ACT_ERRNO', errnoRet: 28, excludes: { caps: ['CAP_SYS_TIME'] } }];
  writeFileSync(path, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls }));
  const [line] = await run('mkdir /tmp/made && echo made', { seccomp: path });
  assert.match(line ?? '', /No space left on device/);
  assert.deepEqual(await run('mkdir /tmp/made && echo made', { seccomp: path }, ['CAP_SYS_TIME']), ['made']);
});

/** CAP_NET_RAW, effective, as `setcap cap_net_raw+ep` writes it: struct vfs_cap_data of linux/capability.h. */
const netRawCapability = Buffer.from('0100000200200000000000000000000000000000', 'hex');

test("no new privileges leaves root's capabilities, and disables set-user-ID programs for other users", async (t) => {
  const { run, fixture } = await openBox(t);
  const program = (name: string) => join(fixture.rootfs, name);
  copyFileSync('/usr/bin/id', program('suid-id'));
  chmodSync(program('suid-id'), 0o4755);
  copyFileSync('/usr/bin/grep', program('raw-grep'));
  setFileCapabilities(program('raw-grep'), netRawCapability);
  const script = `
    /suid-id -u
    /raw-grep ^CapEff: /proc/self/status
    # The shell between them: setpriv itself keeps the capabilities of root until its exec.
    setpriv --reuid 1000 --regid 1000 --clear-groups --inh-caps -all /bin/sh -c '
      /suid-id -u
      /raw-grep ^CapEff: /proc/self/status'`;
  const all = 'CapEff:\t00000000a80425fb';
  const none = 'CapEff:\t0000000000000000';
  assert.deepEqual(await run(script), ['0', all, '1000', none]);
  assert.deepEqual(await run(script, { noNewPrivileges: false }), [
    '0',
    all,
    '0',
    'CapEff:\t0000000000002000',
  ]);
});

test('with a read-only root filesystem /tmp, /run and the socket directory are writable', async (t) => {
  const { run } = await openBox(t);
  const script = `
    touch /file || echo kept
    for path in /tmp /run /run/docker/plugins /dev/shm; do touch $path/file && echo $path; done
    cp /bin/true /tmp/true && /tmp/true || echo noexec`;
  const lines = await run(script, { readOnlyRootfs: true });
  assert.match(lines[0] ?? '', /Read-only file system/);
  assert.deepEqual(lines.slice(1, 6), ['kept', '/tmp', '/run', '/run/docker/plugins', '/dev/shm']);
  assert.equal(lines.at(-1), 'noexec');
  assert.deepEqual(await run('touch /file && echo written'), ['written']);
});
