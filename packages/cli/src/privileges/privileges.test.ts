import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createTestHost } from '../testing/test-host.ts';
import { askConsent, formatPrivileges } from './consent.ts';
import { explainPrivilege } from './explanations.ts';

const privilege = (name: string, ...value: readonly string[]) => ({ name, description: '', value });
const mean = (name: string, ...value: readonly string[]) =>
  explainPrivilege(privilege(name, ...value)).join('\n');

describe('explainPrivilege()', () => {
  for (const [name, value, expected] of [
    ['network', 'host', /services that listen on localhost/],
    ['network', 'none', /no network/],
    ['host ipc namespace', 'true', /memory that processes of the host share/],
    ['host pid namespace', 'true', /all processes of the host/],
    ['mount', '/', /root on the host/],
    ['mount', '//', /root on the host/],
    ['mount', '/etc/..', /root on the host/],
    ['mount', '/var/run/docker.sock', /full control over the container engine/],
    ['mount', '/run', /sockets of services/],
    ['mount', '/etc/hostname', /no secrets/],
    ['mount', '/etc/hostname2', /password hashes/],
    ['mount', '/etc/ssh/', /password hashes/],
    ['mount', '/proc/sys', /kernel settings/],
    ['mount', '/sys/fs/cgroup', /resource limits/],
    ['mount', '/dev', /device files/],
    ['mount', '/lib/modules/6.1', /modules of the kernel/],
    ['mount', '/etcetera', /this path of the host/],
    ['mount', 'tmpfs', /nothing of the host/],
    ['mount', '', /chosen later/],
    ['device', '/dev/fuse', /FUSE/],
    ['device', '/dev/sda1', /a disk/],
    ['device', '/dev/nvme0n1', /a disk/],
    ['device', '/dev/mapper/vg-root', /a disk/],
    ['device', '/dev/custom', /this device of the host/],
    ['allow-all-devices', 'true', /every device/],
    ['capabilities', 'CAP_SYS_ADMIN', /^CAP_SYS_ADMIN: .*close to being root/],
    ['capabilities', 'constructor', /does not know/],
    ['something new', 'x', /does not know/],
  ] as const) {
    test(`explains ${name} ${value}`, () => assert.match(mean(name, value), expected));
  }

  test('has a sentence for every capability of Linux 6.1', () => {
    const names =
      'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'.split(
        ' ',
      );
    assert.equal(names.length, 41);
    for (const name of names) assert.doesNotMatch(mean('capabilities', `CAP_${name}`), /does not know/, name);
  });
});

describe('askConsent()', () => {
  const signal = new AbortController().signal;
  const wanted = [
    privilege('mount', '/b'),
    privilege('mount', '/a'),
    privilege('capabilities', 'CAP_KILL', 'CAP_CHOWN'),
  ];

  for (const [typed, expected] of [
    ['y\n', true],
    ['Y\n', true],
    ['yes\n', true],
    ['y', true],
    ['n\n', false],
    ['\n', false],
    ['', false],
    ['yn\n', false],
    ['n\ny\n', false],
  ] as const) {
    test(`takes ${JSON.stringify(typed)} for ${expected ? 'yes' : 'no'}`, async () => {
      const host = createTestHost({ typed });
      assert.equal(await askConsent('acme/p', wanted, host, signal), expected);
      assert.match(host.out(), /Do you grant the above permissions\? \[y\/N\] /);
    });
  }

  test("lists in the plugin's order, in Docker's words", async () => {
    const host = createTestHost({ typed: 'y\n' });
    await askConsent('acme/p', wanted, host, signal);
    const lines = host.out().split('\n');
    assert.equal(lines[0], 'Plugin "acme/p" is requesting the following privileges:');
    assert.deepEqual(
      lines.filter((line) => line.startsWith(' - ')),
      [' - mount: [/b]', ' - mount: [/a]', ' - capabilities: [CAP_KILL CAP_CHOWN]'],
    );
  });

  test('refuses where nobody can be asked, after showing the list', async () => {
    const host = createTestHost();
    await assert.rejects(askConsent('acme/p', wanted, host, signal), /--grant-all-permissions/);
    assert.match(host.out(), / - mount: \[\/b\]/);
  });

  test('does not ask for nothing', async () => {
    const host = createTestHost();
    assert.equal(await askConsent('acme/p', [], host, signal), true);
    assert.equal(host.out(), '');
  });

  test('stops asking when it is cancelled', async () => {
    const host = createTestHost({ typed: 'y\n' });
    await assert.rejects(askConsent('acme/p', wanted, host, AbortSignal.abort()), { name: 'AbortError' });
  });
});

describe('formatPrivileges()', () => {
  test('D15 a value cannot draw over the list or add to it', () => {
    const text = formatPrivileges([
      privilege('mount', '/data]\n - mount: [/x'),
      privilege('mount\u001b[A', '\u202e/'),
    ]);
    assert.deepEqual(
      text.split('\n').filter((line) => line.startsWith(' - ')),
      [' - mount: ["/data]\\x0a - mount: [/x"]', ' - mount\\x1b[A: [\\u{202e}/]'],
    );
  });

  test('tells one value with a space from two values', () => {
    assert.match(formatPrivileges([privilege('capabilities', 'A B')]), /: \["A B"\]/);
    assert.match(formatPrivileges([privilege('mount', '')]), /: \[""\]/);
  });
});
