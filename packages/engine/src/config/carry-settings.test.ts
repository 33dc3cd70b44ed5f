import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readConfig, settableConfig } from '../testing/settable-config.ts';
import { type CarryOptions, carryOverrides, carrySettings } from './carry-settings.ts';
import type { PluginConfig, PluginSettings } from './plugin-config.ts';
import { applySettings, initialSettings } from './settings.ts';

const bind = { type: 'bind', options: ['bind'] };
const config = settableConfig;
const initial = initialSettings(config);

function carry(settings: PluginSettings, next: PluginConfig, options?: CarryOptions) {
  return carrySettings({ config, settings }, next, options);
}

describe('carrySettings()', () => {
  test('gives the new defaults when nothing was changed', () => {
    const next = readConfig({
      env: [
        { name: 'DEBUG', value: 'new', settable: ['value'] },
        { name: 'ADDED', value: '1' },
      ],
      mounts: [{ ...bind, name: 'state', source: '/new', destination: '/state', settable: ['source'] }],
      linux: { devices: [{ name: 'dev', path: '/dev/new', settable: ['path'] }] },
      args: { name: 'args', value: ['--new'], settable: ['value'] },
    });
    assert.deepEqual(carry(initial, next).value, initialSettings(next));
  });

  test('keeps changed settings that the new config still allows to be set', () => {
    const changed = applySettings(config, initial, [
      'DEBUG=1',
      'UNSET=u',
      'EMPTY=gone',
      'a.b.value=frozen',
      'state=/mine',
      'dev=/dev/mine',
      'args=-x',
    ]);
    const next = readConfig({
      env: [
        { name: 'UNSET', value: null, settable: ['value'] },
        { name: 'a.b', value: '2' },
        { name: 'DEBUG', value: '0', settable: ['value'] },
      ],
      mounts: [
        { ...bind, name: 'extra', source: '/e', destination: '/e' },
        { ...bind, name: 'state', source: '/other', destination: '/moved', settable: ['source'] },
      ],
      linux: { devices: [{ name: 'dev', path: '/dev/x', settable: ['path'] }] },
      args: { name: 'args', value: [], settable: ['value'] },
    });
    const carried = carry(changed, next).value;
    assert.deepEqual(carried.env, ['a.b=2', 'DEBUG=1', 'UNSET=u']);
    assert.deepEqual(
      carried.mounts.map(({ source, destination }) => [source, destination]),
      [
        ['/e', '/e'],
        ['/mine', '/moved'],
      ],
    );
    assert.deepEqual(
      carried.devices.map(({ path }) => path),
      ['/dev/mine'],
    );
    assert.deepEqual(carried.args, ['-x']);
  });

  test('drops a setting that the new config does not allow', () => {
    const changed = applySettings(config, initial, ['state=/mine', 'dev=/dev/mine', 'args=-x']);
    const next = readConfig({
      mounts: [{ ...bind, name: 'state', source: null, destination: '/s', settable: ['source'] }],
      linux: { devices: [{ name: 'dev', path: '/dev/x' }] },
      args: { name: 'other', value: ['d'], settable: ['value'] },
    });
    assert.deepEqual(carry(changed, next).value, initialSettings(next));
  });

  test('upgrading to the same config changes nothing', () => {
    const settable = fc.array(
      fc.constantFrom('DEBUG=9', 'EMPTY=9', 'TWO.value=9', 'state=/x', 'dev=/dev/x', 'args=a b'),
    );
    fc.assert(
      fc.property(settable, (args) => {
        const changed = applySettings(config, initial, args);
        assert.deepEqual(carry(changed, config), { value: changed, dropped: [] });
      }),
    );
  });
});

/** A config with one mount that an operator may choose the source of. */
function withMount(mount: object): PluginConfig {
  return readConfig({
    mounts: [{ name: 'data', source: '/default', destination: '/d', settable: ['source'], ...mount }],
  });
}

/** The source after an upgrade, of a mount whose source was set to /mine, and what is said. */
function carryMount(before: object, after: object) {
  const old = withMount(before);
  const settings = applySettings(old, initialSettings(old), ['data=/mine']);
  const { value, dropped } = carrySettings({ config: old, settings }, withMount(after));
  return { source: value.mounts[0]?.source, dropped };
}

describe('carrySettings() on a mount that changes', () => {
  const mounts = (type: string, ...options: string[]) => ({ type, options });
  const widened: readonly (readonly [string, object, object, RegExp])[] = [
    ['read-only to writable', mounts('bind', 'rbind', 'ro'), mounts('bind', 'rbind'), /it was read-only/],
    [
      'read-only to writable by a later option',
      mounts('bind', 'ro'),
      mounts('bind', 'ro', 'rw'),
      /read-only/,
    ],
    [
      'private to shared',
      mounts('bind', 'rbind', 'rprivate'),
      mounts('bind', 'rbind', 'rshared'),
      /less far/,
    ],
    [
      'no word on propagation to shared',
      mounts('bind', 'rbind'),
      mounts('bind', 'rbind', 'shared'),
      /less far/,
    ],
    ['bind to rbind', mounts('bind', 'bind'), mounts('bind', 'rbind'), /mounted below/],
    ['bind to no word on it', mounts('bind', 'bind'), mounts('bind', 'rw'), /mounted below/],
    ['nosuid to suid', mounts('bind', 'rbind', 'nosuid'), mounts('bind', 'rbind'), /set-user-ID/],
    ['nodev to dev', mounts('bind', 'rbind', 'nodev'), mounts('bind', 'rbind', 'dev'), /device files/],
    ['noexec to exec', mounts('bind', 'rbind', 'noexec'), mounts('bind', 'rbind'), /executed/],
    ['tmpfs to bind', mounts('tmpfs'), mounts('bind', 'rbind'), /another type/],
  ];
  for (const [name, before, after, reason] of widened) {
    test(`drops the source when the mount changes from ${name}, and says why`, () => {
      const { source, dropped } = carryMount(before, after);
      assert.equal(source, '/default');
      assert.match(dropped.join(), /^setting "data" \("\/mine"\) is not kept: /);
      assert.match(dropped.join(), reason);
      assert.deepEqual(carryMount(after, before).source, name === 'tmpfs to bind' ? '/default' : '/mine');
    });
  }

  test('drops a source that its new destination does not allow', () => {
    const { source, dropped } = carryMount(mounts('bind', 'rbind'), {
      ...mounts('bind', 'rbind'),
      destination: '/sys',
    });
    assert.equal(source, '/default');
    assert.match(dropped.join(), /\/sys/);
  });

  test('gives a source to the first mount of its name only', () => {
    const entry = { name: 'data', type: 'bind', settable: ['source'] };
    const first = { ...entry, source: '/default', destination: '/d', options: ['bind', 'ro'] };
    const next = readConfig({
      mounts: [first, { ...first, destination: '/e', options: ['rbind', 'shared'] }],
    });
    const old = readConfig({ mounts: [first] });
    const settings = applySettings(old, initialSettings(old), ['data=/mine']);
    const { value } = carrySettings({ config: old, settings }, next);
    assert.deepEqual(
      value.mounts.map(({ source }) => source),
      ['/mine', '/default'],
    );
  });

  test('never grants more access to a set source than before', () => {
    const mount = fc.record({
      type: fc.constantFrom('bind', 'rbind', 'tmpfs', 'none', ''),
      options: fc.uniqueArray(
        fc.constantFrom(
          ...['bind', 'rbind', 'ro', 'rw', 'suid', 'nosuid', 'dev', 'nodev', 'exec', 'noexec', 'private'],
          ...['rprivate', 'slave', 'rslave', 'shared', 'rshared', 'sync'],
        ),
      ),
    });
    fc.assert(
      fc.property(mount, mount, (before, after) => {
        if (carryMount(before, after).source !== '/mine') return;
        const had = new Set(powersOf(before));
        assert.deepEqual(
          powersOf(after).filter((power) => !had.has(power)),
          [],
        );
      }),
      { numRuns: 2000 },
    );
  });
});

/** The kinds of access to the source of a mount. */
function powersOf({ type, options }: { readonly type: string; readonly options: readonly string[] }) {
  const isBind = options.includes('bind') || options.includes('rbind') || type === 'bind' || type === 'rbind';
  const last = (...names: readonly string[]) => options.findLast((option) => names.includes(option));
  const isDeep = last('bind', 'rbind') !== 'bind';
  const propagation = last('private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared') ?? 'rslave';
  const powers: readonly (readonly [string, boolean])[] = [
    ['the path', isBind],
    ['memory', !isBind],
    ['write', isBind && last('ro', 'rw') !== 'ro'],
    ['become another user', isBind && last('suid', 'nosuid') !== 'nosuid'],
    ['open devices', isBind && last('dev', 'nodev') !== 'nodev'],
    ['execute', isBind && last('exec', 'noexec') !== 'noexec'],
    ['see what is mounted below', isBind && isDeep],
    ['see what is mounted later', isBind && !propagation.includes('private')],
    ['mount on the host', isBind && propagation.includes('shared')],
  ];
  return powers.flatMap(([power, has]) => (has ? [power] : []));
}

describe('an upgrade to another repository', () => {
  test('drops all settings, and names them without values of variables', () => {
    const changed = applySettings(config, initial, [
      'DEBUG=secret',
      'state=/mine',
      'dev=/dev/mine',
      'args=--key secret',
    ]);
    const { value, dropped } = carry(changed, config, { isForeign: true });
    assert.deepEqual(value, initial);
    const told = dropped.join('\n');
    for (const name of ['"DEBUG"', '"state" ("/mine")', '"dev" ("/dev/mine")', '"args"']) {
      assert.ok(told.includes(`setting ${name} is not kept`), told);
    }
    assert.doesNotMatch(told, /secret/);
  });

  test('keeps limits, and no option that weakens the isolation', () => {
    const overrides = {
      limits: { memoryBytes: 64 * 1024 * 1024 },
      createMounts: true,
      security: {
        seccomp: 'unconfined',
        apparmor: 'unconfined',
        noNewPrivileges: false,
        readOnlyRootfs: true,
      },
    };
    assert.deepEqual(carryOverrides(overrides), { value: overrides, dropped: [] });
    const { value, dropped } = carryOverrides(overrides, { isForeign: true });
    assert.deepEqual(value, { limits: overrides.limits, security: { readOnlyRootfs: true } });
    assert.equal(dropped.length, 4);
  });
});
