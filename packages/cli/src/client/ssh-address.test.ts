import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { parseSshAddress, sshArguments } from './ssh-address.ts';

describe('parseSshAddress()', () => {
  for (const [text, expected] of [
    ['ssh://node-1', { host: 'node-1' }],
    ['ssh://me@node-1.example.com:2222/', { user: 'me', host: 'node-1.example.com', port: 2222 }],
    ['ssh://[::1]:22/run/o.sock', { host: '::1', port: 22, socketPath: '/run/o.sock' }],
    ['ssh://Alias_In_Config', { host: 'Alias_In_Config' }],
  ] as const) {
    test(`reads ${text}`, () => {
      assert.deepEqual(parseSshAddress(text, false), { ...expected, prefersDocker: false });
    });
  }

  for (const text of [
    'ssh://',
    'ssh://h?x',
    'ssh://h#x',
    'ssh://-oProxyCommand=x',
    'ssh://-x@h',
    "ssh://a'b@h",
    'ssh://h/run/$(id)',
    "ssh://h/run/a'b",
    'ssh://h/run/a%20b;id',
    'ssh://h:99999',
    'ssh://a b',
  ]) {
    test(`refuses '${text}'`, () =>
      assert.throws(() => parseSshAddress(text, false), /^CommandError: invalid host/));
  }

  test('refuses a password, and does not repeat it', () => {
    assert.throws(
      () => parseSshAddress('ssh://me:secret@h', false),
      (error: Error) => /takes no password/.test(error.message) && !error.message.includes('secret'),
    );
  });
});

describe('sshArguments()', () => {
  test('ends the options before the host, and names user and port', () => {
    const args = sshArguments({ user: 'me', host: 'h', port: 2222, prefersDocker: false });
    assert.deepEqual(args.slice(-7, -1), ['-l', 'me', '-p', '2222', '--', 'h']);
    assert.ok(args.includes('BatchMode=yes') && args.includes('ConnectTimeout=30'));
  });

  for (const [prefersDocker, socketPath, shown] of [
    [false, undefined, /outboard dial-stdio; .*docker system dial-stdio;/],
    [true, undefined, /docker system dial-stdio; .*outboard dial-stdio;/],
    [false, '/s', /outboard --host unix:\/\/\/s dial-stdio; .*docker --host unix:\/\/\/s system dial-stdio;/],
  ] as const) {
    test(`starts a program of the host, ${shown.source}`, () => {
      assert.match(sshArguments({ host: 'h', prefersDocker, socketPath }).at(-1) ?? '', shown);
    });
  }

  test('says on the other side that no program is there', () => {
    const command = sshArguments({ host: 'h', prefersDocker: false }).at(-1) ?? '';
    const run = () =>
      execFileSync('/bin/sh', ['-c', command.replace(/^sh/, '/bin/sh')], {
        env: { PATH: '/none' },
        stdio: 'pipe',
      });
    assert.throws(run, (error: Error & { status?: number; stderr?: Buffer }) => {
      return error.status === 127 && /neither outboard nor docker/.test(String(error.stderr));
    });
  });
});
