import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostMounts } from '@outboard/container';
import { parsePluginConfig } from '../config/parse-plugin-config.ts';
import { initialSettings } from '../config/settings.ts';
import { allCapabilities } from './capability-set.ts';
import { checkPlugin } from './check-plugin.ts';
import type { HostFacts, HostSupply } from './host-facts.ts';
import { checkHost } from './host-requirements.ts';

const root = '1 0 8:1 / / rw shared:1 - ext4 d rw\n';
const v1 = '2 1 0:5 / /sys/fs/cgroup/memory rw - cgroup c rw\n';
const v2 = '3 1 0:6 / /sys/fs/cgroup rw - cgroup2 c rw\n';
const all = allCapabilities(40);
const healthy: HostSupply = {
  runtime: { path: '/usr/bin/runc' },
  conmon: { path: '/usr/bin/conmon' },
  mounts: hostMounts.parse(root + v2),
  fileSystems: new Set(['fuse', 'overlay']),
  boundingCapabilities: new Set(all),
};

/** The line of the doctor about a host. */
function diagnose(host: HostSupply, name: string) {
  const directory = { path: '/var/lib/p', realPath: '/var/lib/p', freeBytes: 2 ** 40, freeFiles: 1e6 };
  const facts: HostFacts = {
    uid: 0,
    kernelRelease: '6.1.0',
    ...host,
    runtime: 'path' in host.runtime ? { ...host.runtime, version: '1' } : host.runtime,
    conmon: 'path' in host.conmon ? { ...host.conmon, version: '1' } : host.conmon,
    namespaceProblem: undefined,
    hidesMounts: false,
    cgroupDriver: undefined,
    isRunBySystemd: false,
    hasFuseDevice: true,
    missingCapabilities: all.filter((one) => !host.boundingCapabilities.has(one)),
    missingLibraries: [],
    dataRoot: directory,
    execRoot: { ...directory, path: '/run/outboard' },
    now: new Date('2026-05-01T00:00:00Z'),
    isClockSynchronised: true,
  };
  return checkHost(facts).find((check) => check.name === name) ?? assert.fail('no such check');
}

/** The findings of the preflight of a plugin on the same host. */
function preflight(host: HostSupply) {
  const document = {
    interface: { types: [], socket: 'p.sock' },
    entrypoint: ['/p'],
    linux: { capabilities: all },
  };
  const { config } = parsePluginConfig(Buffer.from(JSON.stringify(document)));
  const needs = {
    sources: new Map(),
    deviceProblems: new Map(),
    destinations: new Map(),
    missingHostFiles: [],
    programFlaws: [],
  };
  const settings = initialSettings(config);
  return checkPlugin(
    { name: 'p:1', createMounts: false, rootfsPath: '/var/lib/p', config, settings },
    needs,
    host,
  );
}

const noexec = root.replace('/ rw shared', '/ rw,noexec,nodev shared');
const cases: readonly (readonly [title: string, name: string, Partial<HostSupply>])[] = [
  ['an OCI runtime that is missing', 'OCI runtime', { runtime: { problem: 'cannot find "runc"' } }],
  ['a conmon that is missing', 'conmon', { conmon: { problem: 'cannot find "conmon"' } }],
  ['S21 no control groups', 'cgroups', { mounts: hostMounts.parse(root) }],
  [
    'S21 read-only control groups',
    'cgroups',
    { mounts: hostMounts.parse(root + v2.replace(' rw - ', ' ro - ')) },
  ],
  [
    'S21 crun on hybrid control groups',
    'cgroups',
    { mounts: hostMounts.parse(root + v1 + v2), runtime: { path: '/usr/bin/crun' } },
  ],
  ['missing capabilities', 'capabilities', { boundingCapabilities: new Set(all.slice(1)) }],
  ['a data root without exec', 'data root', { mounts: hostMounts.parse(noexec + v2) }],
];

for (const [title, name, change] of cases) {
  test(`doctor and preflight report ${title} in the same words`, () => {
    const host = { ...healthy, ...change };
    const check = diagnose(host, name);
    assert.notEqual(check.status, 'ok');
    assert.deepEqual(
      preflight(host).map(({ what, why, remedy }) => [
        what,
        why.replace('the root filesystem', '/var/lib/p'),
        remedy,
      ]),
      [[name, check.message, `${check.remedy}; see: outboard doctor`]],
    );
  });
}

test('preflight starts a plugin on a data root that only the doctor warns about', () => {
  const mounts = hostMounts.parse(root.replace('/ rw shared', '/ rw,nodev shared') + v2);
  assert.equal(diagnose({ ...healthy, mounts }, 'data root').status, 'warn');
  assert.deepEqual(preflight({ ...healthy, mounts }), []);
});
