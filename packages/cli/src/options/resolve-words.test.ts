import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Command } from 'commander';
import { asksForVersion, resolveWords } from './resolve-words.ts';

const program = new Command('outboard').option('-H, --host <address>').option('--tls').helpCommand(false);
for (const name of ['ls', 'rm', 'plugin', 'help']) program.command(name);
const volume = program.command('volume');
volume.command('create').alias('new');

describe('resolveWords()', () => {
  for (const [words, resolved] of [
    ['ls -q', 'ls -q'],
    ['plugin ls -q', 'ls -q'],
    ['-H x plugin rm -f p', '-H x rm -f p'],
    ['plugin', 'plugin'],
    ['plugin --help', 'plugin --help'],
    ['plugin bogus -f', 'bogus'],
    ['help', '--help'],
    ['--tls help', '--tls --help'],
    ['help ls', 'ls --help'],
    ['help plugin ls', 'ls --help'],
    ['help plugin', 'plugin --help'],
    ['help volume', 'volume --help'],
    ['help volume new', 'volume new --help'],
    ['help rm p', 'rm --help'],
    ['help bogus ls', 'bogus'],
    ['help volume bogus', 'volume bogus'],
    ['bogus --help', 'bogus'],
    ['volume', 'volume --help'],
    ['volume bogus --help', 'volume bogus'],
    ['volume --help', 'volume --help'],
    ['volume create x', 'volume create x'],
    ['--bogus', '--bogus'],
    ['', ''],
  ] as const) {
    test(`makes '${resolved}' of '${words}'`, () => {
      const argv = words === '' ? [] : words.split(' ');
      assert.equal(resolveWords(program, argv).join(' '), resolved);
    });
  }
});

describe('asksForVersion()', () => {
  for (const [words, expected] of [
    ['-v', true],
    ['--version', true],
    ['-H x -v', true],
    ['-v ls', true],
    ['ls -v', false],
    ['version', false],
  ] as const) {
    test(`is ${expected} for '${words}'`, () => {
      assert.equal(asksForVersion(program, words.split(' ')), expected);
    });
  }
});
