import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Command } from 'commander';
import { findPlace, type Place } from './find-place.ts';

const program = new Command('outboard').option('-H, --host <address>').option('--tls').helpCommand(false);
for (const name of ['plugin', 'help']) program.command(name);
program
  .command('ls')
  .alias('list')
  .option('-q, --quiet')
  .option('-f, --filter <filter>')
  .option('--format <format>');
program
  .command('exec')
  .argument('<PLUGIN>')
  .argument('<COMMAND...>')
  .option('-i')
  .option('-u, --user <user>');
program.command('volume').command('rm').argument('<VOLUME...>').option('--force');

/** Such as `rm argument 1 "x"`. */
function describePlace({ command, position, typed }: Place): string {
  const detail =
    position.kind === 'value' ? position.option.long : position.kind === 'argument' ? position.index : '';
  return `${command.name()} ${position.kind} ${detail} "${typed}"`.replace('  ', ' ');
}

describe('findPlace()', () => {
  for (const [line, expected] of [
    ['', 'outboard command ""'],
    ['l', 'outboard command "l"'],
    ['-', 'outboard option "-"'],
    ['-H uni', 'outboard value --host "uni"'],
    ['--host=uni', 'outboard value --host "uni"'],
    ['-H x l', 'outboard command "l"'],
    ['--tls l', 'outboard command "l"'],
    ['plugin l', 'outboard command "l"'],
    ['plugin ls -', 'ls option "-"'],
    ['help volume r', 'volume command "r"'],
    ['help ls ', 'ls nothing ""'],
    ['list --fo', 'ls option "--fo"'],
    ['ls -f ', 'ls value --filter ""'],
    ['ls -qf ', 'ls value --filter ""'],
    ['ls --filter=enabled=t', 'ls value --filter "enabled=t"'],
    ['ls --filter a ', 'ls argument 0 ""'],
    ['ls -H ', 'ls value --host ""'],
    ['bogus ', 'outboard nothing ""'],
    ['volume ', 'volume command ""'],
    ['volume rm a b', 'rm argument 1 "b"'],
    ['volume rm -- --f', 'rm argument 0 "--f"'],
    ['exec -u me p', 'exec argument 0 "p"'],
    ['exec p ls -', 'exec argument 2 "-"'],
  ] as const) {
    test(`of '${line}' is ${expected}`, () => {
      assert.equal(describePlace(findPlace(program, line.split(' '))), expected);
    });
  }

  test('knows the address and the arguments before the cursor', () => {
    const words = ['-H', 'tcp://h', 'volume', 'rm', '--tls', 'a', ''];
    const { address, given } = findPlace(program, words);
    assert.deepEqual([address, given], [{ host: 'tcp://h', tls: true }, ['a']]);
  });
});
