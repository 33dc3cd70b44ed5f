import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readConfig, settableConfig } from '../testing/settable-config.ts';
import { applySettings, initialSettings } from './settings.ts';

const config = settableConfig;
const initial = initialSettings(config);

describe('initialSettings()', () => {
  test('takes variables with a value, in order, and copies the other lists', () => {
    const env = ['DEBUG=0', 'EMPTY=', 'FIXED=x', 'a.b=1', '.hidden=1', 'TWO=1', 'ODD=1', 'both=1'];
    assert.deepEqual(initial.env, env);
    assert.deepEqual(initial.mounts, config.mounts);
    assert.deepEqual(initial.devices, config.linux.devices);
    assert.deepEqual(initial.args, ['-v']);
  });

  test('has empty lists where the config has null', () => {
    assert.deepEqual(initialSettings(readConfig({})), { mounts: [], devices: [], env: [], args: [] });
  });
});

describe('applySettings()', () => {
  const envCases: readonly (readonly [string, string])[] = [
    ['DEBUG=1', 'DEBUG=1'],
    ['DEBUG.value=1', 'DEBUG=1'],
    ['DEBUG=a=b', 'DEBUG=a=b'],
    ['DEBUG', 'DEBUG='],
    ['DEBUG.=1', 'DEBUG=1'],
    ['UNSET=1', 'UNSET=1'],
    ['a.b.value=2', 'a.b=2'],
    ['.hidden=2', '.hidden=2'],
    ['TWO.value=2', 'TWO=2'],
    ['DEBUG=line\nline', 'DEBUG=line\nline'],
    ['both=2', 'both=2'],
  ];
  for (const [arg, entry] of envCases) {
    test(`D18 sets ${JSON.stringify(entry)} by ${JSON.stringify(arg)}`, () => {
      const { env } = applySettings(config, initial, [arg]);
      assert.ok(env.includes(entry), env.join());
      const name = entry.slice(0, entry.indexOf('='));
      assert.equal(env.filter((existing) => existing.startsWith(`${name}=`)).length, 1);
    });
  }

  test('replaces env in place and appends what was unset', () => {
    const { env } = applySettings(config, initial, ['EMPTY=e', 'UNSET=u']);
    assert.deepEqual([env[1], env.at(-1), env.length], ['EMPTY=e', 'UNSET=u', initial.env.length + 1]);
  });

  test('sets a mount source, a device path and arguments split on single spaces', () => {
    const settings = applySettings(config, initial, ['state.source=/new', 'dev=/dev/loop0', 'args=x  y']);
    assert.equal(settings.mounts[0]?.source, '/new');
    assert.equal(settings.devices[0]?.path, '/dev/loop0');
    assert.deepEqual(settings.args, ['x', '', 'y']);
    assert.deepEqual(applySettings(config, initial, ['args=']).args, ['']);
  });

  test('lets env win over a mount of the same name', () => {
    const settings = applySettings(config, initial, ['both=/x']);
    assert.equal(settings.mounts[3]?.source, '/b');
  });

  const failures: readonly (readonly [string, string])[] = [
    ['=x', 'invalid format, must be <name>[.<field>][=<value>]'],
    ['NOPE=1', 'setting "NOPE" not found in the plugin configuration'],
    ['NOPE.value=1', 'setting "NOPE" not found in the plugin configuration'],
    ['a.b=2', 'setting "a" not found in the plugin configuration'],
    ['', 'setting "" not found in the plugin configuration'],
    ['__proto__=1', 'setting "__proto__" not found in the plugin configuration'],
    ['FIXED=1', '"FIXED" is not settable'],
    ['FIXED.value=1', '"FIXED.value" is not settable'],
    ['DEBUG.name=1', '"DEBUG.name" is not settable'],
    ['ODD=1', '"ODD.name" is not settable'],
    ['TWO=1', 'multiple fields are settable, one must be specified'],
    ['fixed=/x', '"fixed" is not settable'],
    ['state.destination=/x', '"state.destination" is not settable'],
    ['nosource=/x', 'plugin config has no mount source'],
    ['nopath=/x', 'plugin config has no device path'],
  ];
  for (const [arg, message] of failures) {
    test(`refuses ${JSON.stringify(arg)} in Docker's words`, () => {
      assert.throws(() => applySettings(config, initial, [arg]), { kind: 'invalid', message });
    });
  }

  test('R29 treats names of members of all objects as ordinary names of variables, mounts and devices', () => {
    const hostile = readConfig({
      env: [{ name: '__proto__', value: '0', settable: ['value'] }],
      mounts: ['constructor', 'toString'].map((name) => ({
        name,
        type: 'bind',
        options: ['bind'],
        source: '/old',
        destination: `/${name}`,
        settable: ['source'],
      })),
      linux: { devices: [{ name: 'hasOwnProperty', path: '/dev/old', settable: ['path'] }] },
    });
    const before = initialSettings(hostile);
    const args = ['__proto__=1', 'constructor=/new', 'toString=/new', 'hasOwnProperty=/dev/new'];
    const settings = applySettings(hostile, before, args);
    assert.deepEqual(settings.env, ['__proto__=1']);
    assert.deepEqual(
      settings.mounts.map(({ source }) => source),
      ['/new', '/new'],
    );
    assert.equal(settings.devices[0]?.path, '/dev/new');
    assert.throws(() => applySettings(hostile, before, ['valueOf=1']), /setting "valueOf" not found/);
    assert.equal(({} as Record<string, unknown>).source, undefined);
  });

  test('D18 refuses NUL and values that no process can be given, without repeating them', () => {
    for (const value of ['a\0b', 's3cret'.repeat(30_000)]) {
      assert.throws(
        () => applySettings(config, initial, [`DEBUG=${value}`]),
        (error) => {
          assert.match(String(error), /cannot set "DEBUG": want a value without NUL/);
          assert.doesNotMatch(String(error), /s3cret/);
          return true;
        },
      );
    }
  });

  test('changes neither the config nor the settings it was given, whatever is set and whether or not it fails', () => {
    const args = fc.array(
      fc.constantFrom(
        'DEBUG=9',
        'state=/x',
        'dev=/dev/x',
        'args=a b',
        'UNSET=1',
        'NOPE=1',
        'FIXED=1',
        '=',
        'nosource=1',
      ),
    );
    const before = JSON.stringify([config, initial]);
    fc.assert(
      fc.property(args, (list) => {
        const hasBad = list.some((arg) => ['NOPE=1', 'FIXED=1', '=', 'nosource=1'].includes(arg));
        if (hasBad) assert.throws(() => applySettings(config, initial, list));
        else applySettings(config, initial, list);
        assert.equal(JSON.stringify([config, initial]), before);
      }),
    );
  });

  test('adds a mount that settings written by Docker lack', () => {
    const settings = applySettings(config, { ...initial, mounts: [] }, ['state=/x']);
    assert.deepEqual(
      settings.mounts.map(({ name, source }) => [name, source]),
      [['state', '/x']],
    );
  });
});
