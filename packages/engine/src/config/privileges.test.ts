import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parsePluginConfig } from './parse-plugin-config.ts';
import type { Privilege } from './plugin-config.ts';
import { computePrivileges, privilegesEqual } from './privileges.ts';

const compute = (config: object) =>
  computePrivileges(parsePluginConfig(Buffer.from(JSON.stringify(config))).config);

describe('computePrivileges()', () => {
  test('lists everything in the order and words of Docker', () => {
    const privileges = compute({
      network: { type: 'host' },
      ipchost: true,
      pidhost: true,
      mounts: [
        { source: '/b', destination: '/1', type: 'bind', options: ['bind'] },
        { source: '', destination: '/2', type: 'bind', options: ['bind'] },
        { source: null, destination: '/3', type: 'bind', options: ['bind'] },
        { source: '/a', destination: '/4', type: 'bind', options: ['bind'] },
      ],
      linux: {
        devices: [{ path: '/dev/fuse' }, { path: null }, { path: '' }],
        allowAllDevices: true,
        capabilities: ['CAP_SYS_ADMIN', 'CAP_KILL'],
      },
    });
    assert.deepEqual(privileges, [
      { name: 'network', description: 'permissions to access a network', value: ['host'] },
      { name: 'host ipc namespace', description: 'allow access to host ipc namespace', value: ['true'] },
      { name: 'host pid namespace', description: 'allow access to host pid namespace', value: ['true'] },
      { name: 'mount', description: 'host path to mount', value: ['/b'] },
      { name: 'mount', description: 'host path to mount', value: [''] },
      { name: 'mount', description: 'host path to mount', value: ['/a'] },
      { name: 'device', description: 'host device to access', value: ['/dev/fuse'] },
      { name: 'device', description: 'host device to access', value: [''] },
      { name: 'allow-all-devices', description: "allow 'rwm' access to all devices", value: ['true'] },
      {
        name: 'capabilities',
        description: 'list of additional capabilities required',
        value: ['CAP_SYS_ADMIN', 'CAP_KILL'],
      },
    ]);
  });

  test('lists nothing for an empty config and for networks that give no access to the host', () => {
    assert.deepEqual(compute({}), []);
    for (const type of ['', 'null', 'bridge']) assert.deepEqual(compute({ network: { type } }), []);
  });

  test('lists every other network type, none included', () => {
    for (const type of ['none', 'host', 'weave']) {
      assert.deepEqual(
        compute({ network: { type } }).map(({ value }) => value),
        [[type]],
      );
    }
  });

  test('I01 lists the source of what is a bind by its options, whatever its type', () => {
    for (const type of ['tmpfs', 'proc', 'rbind']) {
      const mount = { type, source: '/etc', destination: '/t', options: ['rbind'] };
      assert.deepEqual(
        compute({ mounts: [mount] }).map(({ name, value }) => [name, value]),
        [['mount', ['/etc']]],
      );
    }
  });

  test('I01 never hides a mount that takes part: a tmpfs without source is listed', () => {
    assert.deepEqual(
      compute({ mounts: [{ type: 'tmpfs', destination: '/t' }] }).map(({ name, value }) => [name, value]),
      [['mount', ['tmpfs']]],
    );
  });
});

const arbitraryPrivilege: fc.Arbitrary<Privilege> = fc.record({
  // Few words, so that equal and nearly equal lists are common.
  name: fc.constantFrom('mount', 'network', 'device', ''),
  description: fc.string({ maxLength: 4 }),
  value: fc.array(fc.constantFrom('', 'a', 'b', 'a,b', '"]'), { maxLength: 3 }),
});
const arbitraryPrivileges = fc.array(arbitraryPrivilege, { maxLength: 4 });

/** The definition, spelled out: take each of left's entries out of right; nothing may be missing or left. */
function isSameMultiset<T>(left: readonly T[], right: readonly T[], same: (a: T, b: T) => boolean): boolean {
  const rest = [...right];
  for (const item of left) {
    const index = rest.findIndex((candidate) => same(item, candidate));
    if (index < 0) return false;
    rest.splice(index, 1);
  }
  return rest.length === 0;
}

describe('privilegesEqual()', () => {
  test('R26 is true iff the multisets of names and values are equal', () => {
    fc.assert(
      fc.property(arbitraryPrivileges, arbitraryPrivileges, (left, right) => {
        const expected = isSameMultiset(left, right, (a, b) => {
          return a.name === b.name && isSameMultiset(a.value, b.value, Object.is);
        });
        assert.equal(privilegesEqual(left, right), expected);
      }),
      { numRuns: 2000 },
    );
  });

  test('R26 ignores order and descriptions, however they are shuffled', () => {
    const shuffled = arbitraryPrivileges.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(shuffled, ([list, other]) => {
        const reworded = other.map((item) => ({
          ...item,
          description: 'x',
          value: [...item.value].reverse(),
        }));
        assert.ok(privilegesEqual(list, reworded));
      }),
    );
  });

  const mount = (value: string) => ({ name: 'mount', description: '', value: [value] });
  const different: readonly (readonly [string, readonly Privilege[], readonly Privilege[]])[] = [
    ['the first of two', [mount('/a'), mount('/b')], [mount('/x'), mount('/b')]],
    ['the last of two', [mount('/a'), mount('/b')], [mount('/a'), mount('/x')]],
    ['the only one (CVE-2026-33997)', [mount('/a')], [mount('/x')]],
    ['a repeated one', [mount('/a'), mount('/a')], [mount('/a'), mount('/b')]],
    ['an extra one', [mount('/a')], [mount('/a'), mount('/a')]],
    ['a missing one', [mount('/a')], []],
    ['values split in another way', [mount('a,b')], [{ name: 'mount', description: '', value: ['a', 'b'] }]],
  ];
  for (const [name, left, right] of different) {
    test(`R26 sees a difference in ${name}`, () => {
      assert.equal(privilegesEqual(left, right), false);
      assert.equal(privilegesEqual(right, left), false);
    });
  }
});
