import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hostMounts } from '@outboard/container';
import type { HostFacts } from './host-facts.ts';
import { checkHost } from './host-requirements.ts';

const mounts = (cgroups: string, root = 'rw shared:1', run = 'tmpfs') =>
  hostMounts.parse(`1 0 8:1 / / ${root} - ext4 d rw\n2 1 0:9 / /run rw shared:2 - ${run} t rw\n${cgroups}`);
const v1 = '3 1 0:5 / /sys/fs/cgroup/memory rw - cgroup c rw,memory\n';
const v2 = '4 1 0:6 / /sys/fs/cgroup rw - cgroup2 c rw\n';
const readOnly = (cgroups: string) => cgroups.replaceAll(' rw - ', ' ro,nosuid - ');
const directory = (path: string) => ({
  path,
  realPath: path,
  freeBytes: 10 * 1024 ** 3,
  freeFiles: 1_000_000,
});

const healthy: HostFacts = {
  uid: 0,
  kernelRelease: '6.1.0-18-amd64',
  runtime: { path: '/usr/bin/runc', version: '1.1.5' },
  conmon: { path: '/usr/bin/conmon', version: '2.1.6' },
  namespaceProblem: undefined,
  mounts: mounts(v2),
  hidesMounts: false,
  cgroupDriver: undefined,
  isRunBySystemd: false,
  fileSystems: new Set(['fuse', 'overlay']),
  hasFuseDevice: true,
  missingCapabilities: [],
  missingLibraries: [],
  dataRoot: directory('/var/lib/outboard'),
  execRoot: directory('/run/outboard'),
  now: new Date('2026-05-01T00:00:00Z'),
  isClockSynchronised: true,
};

const cases: readonly (readonly [
  name: string,
  status: string,
  message: RegExp,
  change: Partial<HostFacts>,
])[] = [
  ['user', 'fail', /user ID 1000/, { uid: 1000 }],
  ['kernel', 'fail', /4\.17\.9 is too old/, { kernelRelease: '4.17.9' }],
  ['kernel', 'fail', /3\.10/, { kernelRelease: '3.10.0-1160.el7' }],
  ['kernel', 'ok', /4\.18/, { kernelRelease: '4.18.0-553.el8' }],
  ['kernel', 'ok', /5\.4-rc1/, { kernelRelease: '5.4-rc1' }],
  ['OCI runtime', 'fail', /cannot find/, { runtime: { problem: 'cannot find "runc"' } }],
  ['conmon', 'warn', /did not answer/, { conmon: { problem: 'conmon did not answer', isSlow: true } }],
  ['conmon', 'fail', /too old/, { conmon: { problem: 'conmon 2.0.1 is too old' } }],
  ['unpacking', 'fail', /unshare failed/, { namespaceProblem: 'unshare: unshare failed: not permitted' }],
  ['cgroups', 'fail', /no cgroup/, { mounts: mounts('') }],
  ['cgroups', 'ok', /^v1$/, { mounts: mounts(v1) }],
  ['cgroups', 'ok', /^v2$/, { mounts: mounts(v2) }],
  ['cgroups', 'ok', /^hybrid$/, { mounts: mounts(v1 + v2) }],
  ['cgroups', 'fail', /^the cgroup file system is mounted read-only$/, { mounts: mounts(readOnly(v2)) }],
  ['cgroups', 'fail', /^the cgroup file system is mounted read-only$/, { mounts: mounts(readOnly(v1 + v2)) }],
  [
    'cgroups',
    'fail',
    /crun/,
    { mounts: mounts(v1 + v2), runtime: { path: '/usr/bin/crun', version: '1.8' } },
  ],
  ['cgroups', 'ok', /^v2, made by systemd$/, { isRunBySystemd: true }],
  ['cgroups', 'ok', /^v2$/, { cgroupDriver: 'cgroupfs' }],
  ['cgroups', 'warn', /turns limits off/, { cgroupDriver: 'cgroupfs', isRunBySystemd: true }],
  ['cgroups', 'fail', /systemd does not run this host/, { cgroupDriver: 'systemd' }],
  ['capabilities', 'warn', /CAP_BPF/, { missingCapabilities: ['CAP_BPF'] }],
  ['fuse', 'warn', /does not exist/, { hasFuseDevice: false }],
  ['fuse', 'warn', /not loaded/, { fileSystems: new Set(['overlay']) }],
  ['overlay', 'warn', /not loaded/, { fileSystems: new Set(['fuse']) }],
  ['propagation of /', 'warn', /private/, { mounts: mounts(v2, 'rw') }],
  ['mount namespace', 'warn', /one of its own/, { hidesMounts: true }],
  ['compression', 'warn', /without ISA-L: .* longer/, { missingLibraries: ['ISA-L'] }],
  ['data root', 'fail', /noexec/, { mounts: mounts(v2, 'rw,noexec shared:1') }],
  ['data root', 'warn', /nodev/, { mounts: mounts(v2, 'rw,nodev shared:1') }],
  ['exec root', 'warn', /ext4/, { mounts: mounts(v2, 'rw shared:1', 'ext4') }],
  ['disk space', 'warn', /500 MiB/, { dataRoot: { ...healthy.dataRoot, freeBytes: 500 * 1024 ** 2 } }],
  ['disk space', 'fail', /10 MiB/, { dataRoot: { ...healthy.dataRoot, freeBytes: 10 * 1024 ** 2 } }],
  ['disk space', 'warn', /, 5 files/, { dataRoot: { ...healthy.dataRoot, freeFiles: 5 } }],
  ['disk space', 'ok', /MiB free/, { dataRoot: { ...healthy.dataRoot, freeFiles: undefined } }],
  ['data root', 'fail', /does not answer/, { dataRoot: { path: '/d', problem: '/d does not answer' } }],
  ['disk space', 'fail', /does not answer/, { dataRoot: { path: '/d', problem: '/d does not answer' } }],
  [
    'exec root',
    'warn',
    /so long that other programs cannot dial/,
    { execRoot: directory(`/run/${'x'.repeat(60)}`) },
  ],
  ['exec root', 'fail', /does not answer/, { execRoot: { path: '/e', problem: '/e does not answer' } }],
  ['clock', 'fail', /1970/, { now: new Date(0) }],
  ['clock', 'warn', /not synchronised/, { isClockSynchronised: false }],
  ['clock', 'ok', /2026/, { isClockSynchronised: undefined }],
];

test('the remedy for an exec root below /run on a disk is a tmpfs at /run', () => {
  const onDisk = { ...healthy, mounts: mounts(v2, 'rw shared:1', 'ext4') };
  const remedyOf = (path: string) =>
    checkHost({ ...onDisk, execRoot: { ...healthy.execRoot, path, realPath: path } }).find(
      ({ name }) => name === 'exec root',
    )?.remedy;
  assert.equal(remedyOf('/run/outboard'), 'mount a tmpfs at /run, as hosts with systemd have it');
  assert.equal(remedyOf('/srv/outboard'), 'use an --exec-root on a tmpfs, such as /run/outboard');
});

describe('checkHost()', () => {
  test('finds nothing wrong with a host that has everything', () => {
    assert.deepEqual(
      checkHost(healthy).filter(({ status, remedy }) => status !== 'ok' || remedy !== ''),
      [],
    );
  });

  for (const [name, status, message, change] of cases) {
    test(`${name === 'cgroups' ? 'S21 ' : ''}${name}: ${status} when it sees ${message.source}`, () => {
      const checks = checkHost({ ...healthy, ...change });
      const found = checks.find((check) => check.name === name);
      assert.equal(found?.status, status, JSON.stringify(found));
      assert.match(found?.message ?? '', message);
      assert.equal(found?.remedy === '', status === 'ok', 'a remedy for what is wrong, and for nothing else');
    });
  }
});
