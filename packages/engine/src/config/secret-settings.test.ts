import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readConfig } from '../testing/settable-config.ts';
import { carrySettings } from './carry-settings.ts';
import { declareSecrets, hideSecrets, isSecretSetting } from './secret-settings.ts';
import { applySettings, initialSettings } from './settings.ts';

const variable = (name: string, more: object = {}) => ({
  Name: name,
  Settable: ['value'],
  Value: '',
  ...more,
});
const config = readConfig({
  Args: { Name: 'FLAGS', Settable: ['value'], Value: [] },
  Env: [
    variable('PASSWORD', { Value: 'changeme' }),
    variable('DSN', { Secret: true }),
    variable('DEBUG'),
    variable('KEYBOARD'),
  ],
});
const initial = initialSettings(config);

describe('isSecretSetting()', () => {
  const named: readonly (readonly [name: string, isSecret: boolean])[] = [
    ['PASSWORD', true],
    ['db_password_2', true],
    ['S3FS_SECRETKEY', true],
    ['S3FS_ACCESSKEY', true],
    ['API_KEY', true],
    ['GITHUB_TOKEN', true],
    ['PASS', true],
    ['KEYBOARD', false],
    ['COMPASS', false],
    ['DEBUG', false],
    ['', false],
  ];
  for (const [name, isSecret] of named) {
    test(`judges ${JSON.stringify(name)} by the default patterns`, () => {
      assert.equal(isSecretSetting({ config, settings: initial }, name), isSecret);
    });
  }

  test('takes the mark of the author, and above it the word of the operator', () => {
    assert.equal(isSecretSetting({ config, settings: initial }, 'DSN'), true);
    const settings = declareSecrets(config, initial, {
      secret: ['DEBUG', 'FLAGS'],
      notSecret: ['DSN', 'PASSWORD'],
    });
    const judged = ['DEBUG', 'FLAGS', 'DSN', 'PASSWORD'].map((name) =>
      isSecretSetting({ config, settings }, name),
    );
    assert.deepEqual(judged, [true, true, false, false]);
    const again = declareSecrets(config, settings, { secret: ['DSN'], notSecret: ['DEBUG'] });
    assert.deepEqual(
      [again.secret, again.notSecret],
      [
        ['FLAGS', 'DSN'],
        ['PASSWORD', 'DEBUG'],
      ],
    );
  });

  test('takes patterns as they are, in linear time', () => {
    const judge = (name: string, ...patterns: readonly string[]) =>
      isSecretSetting({ config, settings: initial }, name, patterns);
    assert.equal(judge('PASSWORD'), false);
    assert.equal(judge('aXbXc', 'a*b*c'), true);
    assert.equal(judge('abc', 'a*bc*c'), false);
    assert.equal(judge('x', '*'), true);
    assert.equal(judge('A.C', 'a.c'), true);
    assert.equal(judge('ABC', 'a.c'), false);
    assert.equal(judge('A'.repeat(1_000_000), '*a*a*a*a*a*a*b'), false);
  });
});

test('declareSecrets() refuses a name that the config does not have', () => {
  assert.throws(() => declareSecrets(config, initial, { secret: ['NOPE'] }), {
    kind: 'invalid',
    message: /^setting "NOPE" not found in the plugin configuration/,
  });
});

test('hideSecrets() hides what was set, and shows defaults of the config and sources', () => {
  const show = (...args: readonly string[]) =>
    hideSecrets({ config, settings: applySettings(config, initial, args, { readsSources: true }) }).settings;
  assert.deepEqual(show().env, ['PASSWORD=changeme', 'DSN=', 'DEBUG=', 'KEYBOARD=']);
  assert.deepEqual(show('PASSWORD=canary', 'DSN=canary', 'DEBUG=1').env, [
    'PASSWORD=***',
    'DSN=***',
    'DEBUG=1',
    'KEYBOARD=',
  ]);
  assert.equal(show('PASSWORD=@file:/run/x').env[0], 'PASSWORD=@file:/run/x');
  // A literal that looks like a source is a secret.
  assert.equal(show('PASSWORD=@@file:/run/x').env[0], 'PASSWORD=***');
  const settings = declareSecrets(config, applySettings(config, initial, ['FLAGS=--p canary']), {
    secret: ['FLAGS'],
  });
  assert.deepEqual(hideSecrets({ config, settings }).settings.args, ['***']);
});

describe('carrySettings()', () => {
  const settings = declareSecrets(
    config,
    applySettings(config, initial, ['PASSWORD=@file:/run/x', 'DEBUG=@env:D'], { readsSources: true }),
    { secret: ['DEBUG'], notSecret: ['KEYBOARD'] },
  );

  test('keeps sources and declarations', () => {
    const next = readConfig({ Env: [variable('PASSWORD'), variable('KEYBOARD')] });
    const { value, dropped } = carrySettings({ config, settings }, next);
    assert.deepEqual(value.env, ['PASSWORD=@file:/run/x', 'KEYBOARD=']);
    assert.deepEqual(value.sourced, ['PASSWORD']);
    assert.deepEqual([value.secret, value.notSecret], [['DEBUG'], ['KEYBOARD']]);
    assert.equal(dropped.length, 1);
  });

  test('keeps a source whose text is the default of the config', () => {
    const odd = readConfig({ Env: [variable('A', { Value: '@file:/x' })] });
    const given = applySettings(odd, initialSettings(odd), ['A=@file:/x'], { readsSources: true });
    const { value } = carrySettings({ config: odd, settings: given }, readConfig({ Env: [variable('A')] }));
    assert.deepEqual([value.env, value.sourced], [['A=@file:/x'], ['A']]);
  });

  test('gives no source, and shows no secret, to other authors', () => {
    const { value } = carrySettings({ config, settings }, config, { isForeign: true });
    assert.deepEqual(value.env, initial.env);
    assert.equal(value.sourced, undefined);
    assert.deepEqual([value.secret, value.notSecret], [['DEBUG'], undefined]);
  });
});
