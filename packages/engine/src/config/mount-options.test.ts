/**
 * The rules for the type and the options of a mount: bind or tmpfs, and no option that the kernel would take otherwise.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { escapeHidden } from '@outboard/oci';
import { assertRefused, bind, validate } from '../testing/validated-config.ts';

describe('validatePluginConfig() on mounts', () => {
  const types = [
    { type: 'proc', source: 'none', destination: '/p', options: [] },
    { type: 'overlay', source: 'none', destination: '/p', options: ['lowerdir=/etc:/usr'] },
    { type: 'none', source: 'none', destination: '/p', options: [] },
    { type: '', source: '/x', destination: '/p', options: ['ro'] },
    { type: 'sysfs', source: 'sysfs', destination: '/p', options: ['ro'] },
    { type: 'Bind', source: '/x', destination: '/p', options: ['ro'] },
    { type: 'ext4', source: '/dev/sda1', destination: '/p', options: null },
    { type: 'cgroup', source: 'cgroup', destination: '/p', options: ['rw'] },
  ];
  for (const mount of types) {
    test(`I01 refuses a mount of type ${JSON.stringify(mount.type)} with options ${JSON.stringify(mount.options)}`, () => {
      assertRefused(
        { mounts: [mount] },
        '"Mounts[0]"',
        'Type',
        JSON.stringify(mount.type),
        '"bind" or "tmpfs"',
      );
    });
  }

  test('I01 accepts bind, rbind, tmpfs, and bind options under any other type, as a bind of the source', () => {
    for (const type of ['bind', 'rbind', 'none', '', 'ext4', 'proc', 'overlay', 'tmpfs', 'Bind']) {
      assert.deepEqual(
        validate({ mounts: [{ type, source: '/s', destination: '/d', options: ['bind', 'ro'] }] }),
        [],
      );
    }
    assert.deepEqual(
      validate({ mounts: [{ type: 'tmpfs', destination: '/d', options: ['size=64m', 'mode=0700'] }] }),
      [],
    );
  });

  test('I01 accepts the type rbind as a recursive bind, with or without the option', () => {
    const mount = { type: 'rbind', source: '/s', destination: '/d', options: null };
    assert.match(validate({ mounts: [mount] }).join(), /is mounted as "rbind"/);
  });

  test('I02 leaves out options of fstab and docker run that have no effect, with a warning', () => {
    for (const option of ['defaults', 'z', 'Z']) {
      assert.deepEqual(validate(bind('/d', ['rbind', option]), 'create'), [
        `config: "Mounts[0]": option "${option}" has no effect`,
      ]);
    }
    const tmpfs = { type: 'tmpfs', destination: '/d', options: ['defaults', 'size=1m'] };
    assert.match(validate({ mounts: [tmpfs] }).join(), /option "defaults" has no effect/);
  });

  for (const option of [
    'r',
    'read-only',
    'RO',
    'ro,dev',
    'lowerdir=/etc',
    'x-mount.mkdir',
    'uid=1000',
    'size=1m',
    'cached',
    'volume-nocopy',
    '',
  ]) {
    test(`I02 leaves out the bind option ${JSON.stringify(option)}, which the kernel would ignore`, () => {
      const mount = { source: '/s', destination: '/d', options: ['rbind', option] };
      for (const type of ['bind', 'none', 'overlay']) {
        const [warning, ...more] = validate({ mounts: [{ ...mount, type }] }, 'create');
        assert.ok(warning?.includes(`option ${JSON.stringify(option)} has no effect`), warning);
        assert.equal(/"ro"$/.test(warning ?? ''), ['r', 'read-only'].includes(option), warning);
        assert.equal(warning?.endsWith('an entry of its own'), option.includes(','), warning);
        assert.deepEqual(more, []);
      }
    });
  }

  for (const option of ['remount', 'idmap', 'unbindable', 'rro', 'rrw', 'tmpcopyup', 'ro\u200b', 'r\n']) {
    test(`I02 refuses the bind option ${JSON.stringify(option)}`, () => {
      assertRefused(bind('/d', ['rbind', option]), 'Options', escapeHidden(JSON.stringify(option)));
    });
  }

  for (const option of [
    'dev',
    'suid',
    'shared',
    'rslave',
    'z',
    'size=1m,dev',
    'mpol=bind',
    'mode=99999',
    'noswap',
  ]) {
    test(`I02 refuses the tmpfs option ${JSON.stringify(option)}`, () => {
      assertRefused(
        { mounts: [{ type: 'tmpfs', destination: '/d', options: [option] }] },
        JSON.stringify(option),
      );
    });
  }

  test('I02 refuses 10,000 options and two propagations', () => {
    assertRefused(bind('/d', Array<string>(10_000).fill('ro')), 'at most 64');
    assertRefused(bind('/d', ['rbind', 'rslave', 'shared']), 'one propagation option');
  });

  test('I02 warns of a bind without bind option and of the option readonly', () => {
    assert.match(
      validate(bind('/d', ['readonly'])).join('\n'),
      /"readonly" has no effect.*mounted as "rbind"/s,
    );
  });
});
