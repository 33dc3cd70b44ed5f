import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Command } from 'commander';
import { endOptionsAfterName } from './end-of-options.ts';

const program = new Command('outboard').option('-H, --host <address>').option('--tls');
const exec = program
  .command('exec')
  .option('-i, --interactive')
  .option('-t, --tty')
  .option('-u, --user <user>')
  .option('-e, --env <variable>');

describe('endOptionsAfterName()', () => {
  for (const [words, marked] of [
    ['exec p ls -l', 'exec p -- ls -l'],
    ['exec -it p sh -c x', 'exec -it p -- sh -c x'],
    ['exec -u www p id -u', 'exec -u www p -- id -u'],
    ['exec -itu www p id', 'exec -itu www p -- id'],
    ['exec -uwww p id', 'exec -uwww p -- id'],
    ['exec --user www -e A=b p id', 'exec --user www -e A=b p -- id'],
    ['exec --user=www p id -H', 'exec --user=www p -- id -H'],
    ['-H unix:///s exec p curl -H x', '-H unix:///s exec p -- curl -H x'],
    ['--tls exec -H unix:///s p ls', '--tls exec -H unix:///s p -- ls'],
    ['exec p -- ls', 'exec p -- -- ls'],
    ['exec -- p ls -l', 'exec -- p ls -l'],
    ['exec p', 'exec p --'],
    ['exec', 'exec'],
    ['exec -it', 'exec -it'],
    ['ls -q', 'ls -q'],
    ['rm exec x', 'rm exec x'],
    ['-H exec ls', '-H exec ls'],
  ] as const) {
    test(`makes '${marked}' of '${words}'`, () => {
      assert.equal(endOptionsAfterName(program, exec, words.split(' ')).join(' '), marked);
    });
  }
});
