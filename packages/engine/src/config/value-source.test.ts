import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseGivenValue, type ValueSource } from './value-source.ts';

const literals: readonly (readonly [given: string, value: string])[] = [
  ['', ''],
  ['x', 'x'],
  ['x@file:/y', 'x@file:/y'],
  ['@daily', '@daily'],
  ['@ file:/x', '@ file:/x'],
  ['@@file:/x', '@file:/x'],
  ['@@', '@'],
  ['@@@x', '@@x'],
];

for (const [given, value] of literals) {
  test(`parseGivenValue() takes ${JSON.stringify(given)} for the literal ${JSON.stringify(value)}`, () => {
    assert.deepEqual(parseGivenValue(given, 'A'), { kind: 'literal', value });
  });
}

const sources: readonly (readonly [given: string, source: ValueSource])[] = [
  ['@file:/run/secrets/x', { kind: 'file', path: '/run/secrets/x' }],
  ['@file:/a b=c', { kind: 'file', path: '/a b=c' }],
  ['@credential:s3.key', { kind: 'credential', name: 's3.key' }],
  ['@env:S3_KEY', { kind: 'env', variable: 'S3_KEY' }],
  ['@command:/bin/x', { kind: 'command', program: '/bin/x', args: [] }],
  ['@command:/bin/x  a -b', { kind: 'command', program: '/bin/x', args: ['a', '-b'] }],
  ['@command:["/bin/x","a b",""]', { kind: 'command', program: '/bin/x', args: ['a b', ''] }],
];

for (const [given, source] of sources) {
  test(`parseGivenValue() takes ${given} for a source`, () => {
    assert.deepEqual(parseGivenValue(given, 'A'), { kind: 'source', source });
  });
}

const refused: readonly (readonly [given: string, reason: RegExp])[] = [
  ['@fiel:/x', /there is no source "@fiel:": want @file:, @credential:, @env:, @command:, or @@/],
  ['@file:', /absolute path after @file:, got ""$/],
  ['@file:run/x', /absolute path after @file:, got "run\/x"$/],
  ['@credential:..', /name of letters/],
  ['@credential:a/b', /name of letters/],
  ['@env:', /name of a variable/],
  ['@env:A=B', /name of a variable/],
  ['@command:', /absolute path of a program/],
  ['@command:pass show x', /absolute path of a program/],
  ['@command:[]', /absolute path of a program/],
  ['@command:["/bin/x",1]', /a JSON array of texts/],
  ['@command:["/bin/x', /a JSON array of texts/],
];

for (const [given, reason] of refused) {
  test(`D18 parseGivenValue() refuses ${given}`, () => {
    assert.throws(() => parseGivenValue(given, 'A'), { kind: 'invalid', message: reason });
  });
}
