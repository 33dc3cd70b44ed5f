import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createTestHost } from '../testing/test-host.ts';
import { askConsent, formatPrivileges } from './consent.ts';
import { formatExplanation } from './explanation.ts';
import { explainPrivileges } from './explanations.ts';

const privilege = (name: string, ...value: readonly string[]) => ({ name, description: '', value });
const mean = (name: string, ...value: readonly string[]) =>
  explainPrivileges([privilege(name, ...value)])
    .flat()
    .map(formatExplanation)
    .join('\n');

describe('explainPrivileges()', () => {
  for (const [name, value, expected] of [
    ['network', 'host', /services that listen on localhost/],
    ['network', 'none', /no network/],
    ['host ipc namespace', 'true', /memory that processes of the host share/],
    ['host pid namespace', 'true', /all processes of the host/],
    ['mount', '/', /\[root on the host\]$/],
    ['mount', '//', /\[root on the host\]$/],
    ['mount', '/etc/..', /\[root on the host\]$/],
    ['mount', '/var/run/docker.sock', /full control over the container engine/],
    ['mount', '/run', /sockets of services/],
    ['mount', '/etc/hostname', /no secrets/],
    ['mount', '/etc/hostname2', /password hashes/],
    ['mount', '/etc/ssh/', /password hashes/],
    ['mount', '/proc/sys', /kernel settings/],
    ['mount', '/sys/fs/cgroup', /resource limits/],
    ['mount', '/run/systemd/private', /service manager.*\[root on the host\]$/],
    ['mount', '/run/udev', /^sockets and state of running services.*\[high risk\]$/],
    ['mount', '/etc/ssl/certs', /no secrets$/],
    ['mount', '/mnt/data', /this path of the host$/],
    ['mount', '/dev', /device files/],
    ['mount', '/lib/modules/6.1', /modules of the kernel/],
    ['mount', '/etcetera', /this path of the host/],
    ['mount', 'tmpfs', /no access to the host/],
    ['mount', '', /chosen later/],
    ['device', '/dev/fuse', /FUSE/],
    ['device', '/dev/sda1', /a disk/],
    ['device', '/dev/nvme0n1', /a disk.*\[root on the host\]$/],
    ['device', '/dev/mapper/vg-root', /a disk/],
    ['device', '/dev/custom', /this device of the host/],
    ['allow-all-devices', 'true', /every device/],
    ['capabilities', 'CAP_SYS_ADMIN', /^CAP_SYS_ADMIN: .*\[root on the host\]$/],
    ['capabilities', 'constructor', /does not know/],
    ['something new', 'x', /does not know/],
  ] as const) {
    test(`explains ${name} ${value}`, () => assert.match(mean(name, value), expected));
  }

  test('explains capabilities together with other privileges', () => {
    const last = (...privileges: readonly ReturnType<typeof privilege>[]) =>
      explainPrivileges(privileges).at(-1)?.map(formatExplanation).join();
    const ptrace = privilege('capabilities', 'CAP_SYS_PTRACE');
    assert.equal(
      last(ptrace),
      'CAP_SYS_PTRACE: read and change the memory of other processes in its container',
    );
    assert.equal(
      last(privilege('host pid namespace', 'true'), ptrace),
      'CAP_SYS_PTRACE: read and change the memory of all processes of the host [root on the host]',
    );
    const network = privilege('capabilities', 'CAP_NET_ADMIN');
    assert.match(last(privilege('network', 'none'), network) ?? '', /of its network$/);
    assert.match(last(privilege('network', 'host'), network) ?? '', /of the host \[high risk\]$/);
    assert.match(
      last(privilege('host ipc namespace', 'true'), privilege('capabilities', 'IPC_OWNER')) ?? '',
      /of all programs of the host \[high risk\]$/,
    );
  });

  // Each capability of Linux 6.12 is in one of the three lists; a change of a list changes this test.
  const root = 'SYS_ADMIN SYS_MODULE SYS_RAWIO';
  const high =
    'AUDIT_CONTROL AUDIT_READ BPF CHECKPOINT_RESTORE DAC_READ_SEARCH MAC_ADMIN MAC_OVERRIDE PERFMON SYSLOG SYS_BOOT ' +
    'SYS_PACCT SYS_RESOURCE SYS_TIME';
  const low =
    'AUDIT_WRITE BLOCK_SUSPEND CHOWN DAC_OVERRIDE FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MKNOD ' +
    'NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_CHROOT SYS_NICE SYS_PTRACE ' +
    'SYS_TTY_CONFIG WAKE_ALARM';
  test('rates every capability of Linux', () => {
    assert.equal(`${root} ${high} ${low}`.split(' ').length, 41);
    for (const [names, risk] of [
      [root, 'root'],
      [high, 'high'],
      [low, 'low'],
    ] as const) {
      for (const name of names.split(' ')) {
        const [explanation] = explainPrivileges([privilege('capabilities', `CAP_${name}`)]).flat();
        assert.equal(explanation?.risk, risk, name);
        assert.doesNotMatch(explanation?.text ?? '', /does not know/, name);
      }
    }
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
    test(`reads ${JSON.stringify(typed)} as ${expected ? 'yes' : 'no'}`, async () => {
      const host = createTestHost({ typed });
      assert.equal(await askConsent('acme/p', wanted, host, signal), expected);
      assert.match(host.out(), /Do you grant the above permissions\? \[y\/N\] /);
    });
  }

  test("lists privileges in the plugin's order and Docker's wording", async () => {
    const host = createTestHost({ typed: 'y\n' });
    await askConsent('acme/p', wanted, host, signal);
    const lines = host.out().split('\n');
    assert.equal(lines[0], 'Plugin "acme/p" is requesting the following privileges:');
    assert.deepEqual(
      lines.filter((line) => line.startsWith(' - ')),
      [' - mount: [/b]', ' - mount: [/a]', ' - capabilities: [CAP_KILL CAP_CHOWN]'],
    );
  });

  test('refuses without a terminal, after showing the list', async () => {
    const host = createTestHost();
    await assert.rejects(askConsent('acme/p', wanted, host, signal), /--grant-all-permissions/);
    assert.match(host.out(), / - mount: \[\/b\]/);
  });

  test('does not ask without privileges', async () => {
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
  test('shows the privileges of vieux/sshfs', () => {
    const text = formatPrivileges([
      privilege('network', 'host'),
      privilege('mount', '/var/lib/docker/plugins/'),
      privilege('mount', ''),
      privilege('device', '/dev/fuse'),
      privilege('capabilities', 'CAP_SYS_ADMIN'),
    ]);
    assert.equal(
      text,
      ` - network: [host]
     uses the network of the host as it is: all its addresses, and services that listen on localhost only [high risk]
 - mount: [/var/lib/docker/plugins/]
     data of the container engine: images, volumes, and plugins themselves [high risk]
 - mount: [""]
     a path of the host that is chosen later, with \`set\`
 - device: [/dev/fuse]
     mount file systems that programs provide (FUSE)
 - capabilities: [CAP_SYS_ADMIN]
     CAP_SYS_ADMIN: mount file systems and administer nearly everything [root on the host]
With these privileges the plugin can do anything that root can do on the host.
`,
    );
  });

  test('shows each kind of privilege, and warns only of root on the host', () => {
    const text = formatPrivileges([
      privilege('network', 'none'),
      privilege('host ipc namespace', 'true'),
      privilege('host pid namespace', 'true'),
      privilege('mount', '/srv/data'),
      privilege('device', '/dev/ttyS0'),
      privilege('capabilities', 'CAP_CHOWN', 'CAP_SYS_TIME'),
      privilege('time machine', 'past'),
    ]);
    assert.equal(
      text,
      ` - network: [none]
     has no network
 - host ipc namespace: [true]
     reads and changes memory that processes of the host share with each other [high risk]
 - host pid namespace: [true]
     sees all processes of the host, with their arguments, and can send them signals [high risk]
 - mount: [/srv/data]
     reads and, unless the mount is read-only, changes this path of the host
 - device: [/dev/ttyS0]
     reads and writes this device of the host [high risk]
 - capabilities: [CAP_CHOWN CAP_SYS_TIME]
     CAP_CHOWN: change the owner of any file it can see
     CAP_SYS_TIME: set the host's clock [high risk]
 - time machine: [past]
     this version of outboard does not know what this allows [high risk]
`,
    );
  });

  test('warns of a plugin that gets every device', () => {
    const lines = formatPrivileges([privilege('allow-all-devices', 'true')]).split('\n');
    assert.equal(
      lines[1],
      '     reads and writes every device of the host, disks included [root on the host]',
    );
    assert.match(lines[2] ?? '', /^With these privileges the plugin can do anything/);
  });

  test('D15 a value cannot overwrite the list or add entries', () => {
    const text = formatPrivileges([
      privilege('mount', '/data]\n - mount: [/x'),
      privilege('mount\u001b[A', '\u202e/'),
    ]);
    assert.deepEqual(
      text.split('\n').filter((line) => line.startsWith(' - ')),
      [' - mount: ["/data]\\x0a - mount: [/x"]', ' - mount\\x1b[A: [\\u{202e}/]'],
    );
  });

  test('distinguishes one value with a space from two values', () => {
    assert.match(formatPrivileges([privilege('capabilities', 'A B')]), /: \["A B"\]/);
    assert.match(formatPrivileges([privilege('mount', '')]), /: \[""\]/);
  });
});
