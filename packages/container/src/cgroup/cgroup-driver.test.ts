import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { test } from 'node:test';
import {
  chooseCgroupDriver,
  createCgroupsPath,
  locateCgroup,
  parseCgroupsPath,
  possibleCgroups,
  requireCgroup,
} from './cgroup-driver.ts';

const id = 'a'.repeat(64);

test('a plain cgroup needs no parent that would be left behind', () => {
  assert.equal(dirname(createCgroupsPath(id, 'cgroupfs')), '/');
});

test('a cgroups path implies driver, directory and unit', () => {
  assert.deepEqual(parseCgroupsPath(createCgroupsPath(id, 'cgroupfs')), {
    driver: 'cgroupfs',
    path: `/outboard-${id}`,
  });
  assert.deepEqual(parseCgroupsPath(createCgroupsPath(id, 'systemd')), {
    driver: 'systemd',
    path: `/outboard.slice/outboard-${id}.scope`,
    scope: `outboard-${id}.scope`,
  });
});

test('systemd makes the cgroups where it runs the host, unless configured otherwise; elsewhere it cannot', () => {
  const [there, absent] = ['/proc', '/proc/none'];
  assert.equal(chooseCgroupDriver(undefined, there), 'systemd');
  assert.equal(chooseCgroupDriver('cgroupfs', there), 'cgroupfs');
  assert.equal(chooseCgroupDriver(undefined, absent), 'cgroupfs');
  assert.throws(() => chooseCgroupDriver('systemd', absent), {
    kind: 'invalid',
    message: /^cgroup driver "systemd" needs a host that systemd runs/,
  });
});

for (const path of [
  '',
  '/',
  'outboard-1',
  '/a/../b',
  '/a/',
  '/a\0b',
  'a.slice:b',
  // A dash denotes a slice within another one, with another path.
  'a-b.slice:c:d',
  '../x.slice:a:b',
  'a.slice:b:../../c',
  'a.slice:b:c/d',
]) {
  test(`parseCgroupsPath() refuses ${JSON.stringify(path)}`, () => {
    assert.equal(parseCgroupsPath(path), undefined);
  });
}

for (const [name, memberships, suffix] of [
  ['v2', (path: string) => `0::${path}\n`, ''],
  ['v2 with a cgroup below the scope', (path: string) => `0::${path}/container\n`, '/container'],
  ['v1', (path: string) => `2:cpu:/\n1:memory:${path}\n0::${path}\n`, ''],
  ['a process that is elsewhere', () => '0::/user.slice\n', ''],
  ['a name that only begins like it', (path: string) => `0::${path}x/y\n`, ''],
] as const) {
  test(`locateCgroup() finds a container on ${name}`, () => {
    const cgroup = requireCgroup(createCgroupsPath(id, 'systemd'));
    assert.equal(locateCgroup(cgroup, memberships(cgroup.path)), `${cgroup.path}${suffix}`);
  });
}

test('a container of which only its ID is known may have a cgroup of either driver', () => {
  assert.deepEqual(
    possibleCgroups(id).map(({ driver }) => driver),
    ['systemd', 'cgroupfs'],
  );
});
