/**
 * Wrong words on the command line of the real program: exit code 125 with the usage, and nothing made on disk.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { needsRoot } from '../support/needs-root.ts';

const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));

describe('wrong words', () => {
  let home: string;

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'ob-usage-'));
    await mkdir(join(home, 'work'));
  });
  after(() => rm(home, { recursive: true }));

  function run(...argv: readonly string[]) {
    return spawnSync(process.execPath, [program, ...argv], {
      cwd: join(home, 'work'),
      // A journal as standard error would get a prefix.
      env: { PATH: process.env.PATH, HOME: home, OUTBOARD_HOST: `unix://${home}/none.sock` },
      encoding: 'utf8',
    });
  }

  for (const { words, error, usage } of [
    { words: 'daemon ROOTS --no-such-flag', error: /unknown option '--no-such-flag'/, usage: 'daemon' },
    {
      words: 'daemon ROOTS --data-rot x',
      error: /'--data-rot'\n\(Did you mean --data-root\?\)/,
      usage: 'daemon',
    },
    { words: 'daemon ROOTS serve', error: /unexpected argument 'serve'/, usage: 'daemon' },
    { words: 'daemon ROOTS --log-level loud', error: /Allowed choices are trace, debug/, usage: 'daemon' },
    { words: 'daemon ROOTS --gateway-mode 999', error: /a mode in octal digits/, usage: 'daemon' },
    { words: 'daemon ROOTS --restart-delay 0', error: /it must be 0.1 to 86400 seconds/, usage: 'daemon' },
    { words: 'daemon ROOTS --exec-root', error: /argument missing/, usage: 'daemon' },
    { words: 'daemon doctor ROOTS more', error: /unexpected argument 'more'/, usage: 'daemon' },
    { words: '--tls daemon ROOTS', error: /must be the first argument/, usage: '[OPTIONS] COMMAND' },
    {
      words: 'service install --prefix ROOT --nwo',
      error: /\(Did you mean --now\?\)/,
      usage: 'service install',
    },
    { words: 'service instal --prefix ROOT', error: /\(Did you mean install\?\)/, usage: 'service' },
    { words: 'connect podman docker --prefix ROOT', error: /too many arguments/, usage: 'connect' },
    { words: 'crate p ROOT', error: /\(Did you mean create\?\)/, usage: '[OPTIONS] COMMAND' },
  ]) {
    test(`outboard ${words} ends with 125, the usage, and nothing on disk`, async () => {
      const roots = `--data-root ${home}/data --exec-root ${home}/run --gateway-dir ${home}/gateway`;
      const argv = words.replace('ROOTS', roots).replace('ROOT', join(home, 'system')).split(' ');
      const { status, stdout, stderr } = run(...argv);
      assert.deepEqual([status, stdout], [125, ''], stderr);
      assert.match(stderr, error);
      assert.ok(stderr.includes(`\n\nUsage: outboard ${usage}`), stderr);
      assert.match(stderr, /\n\nRun 'outboard .*--help' for more information\n$/);
      assert.deepEqual([await readdir(home), await readdir(join(home, 'work'))], [['work'], []]);
    });
  }

  for (const { flag, error } of [
    { flag: '--host bogus://x', error: /invalid host "bogus:\/\/x"/ },
    { flag: '--group no-such-group', error: /group "no-such-group" does not exist/ },
    { flag: '--gateway-group no-such-group', error: /group "no-such-group" does not exist/ },
    { flag: '--metrics-addr here', error: /invalid metrics address "here"/ },
    { flag: '--bridge-subnet wide', error: /bridge subnet "wide": want an IPv4 subnet/ },
    { flag: '--bridge-name a/b', error: /bridge name "a\/b": want/ },
    { flag: '--dns here', error: /name server "here": want an IP address/ },
    { flag: '--insecure-registry http://x', error: /invalid address block "http:\/\/x"/ },
  ]) {
    test(`a daemon with ${flag} is refused before it makes anything`, { skip: needsRoot }, async () => {
      const roots = `--data-root ${home}/data --exec-root ${home}/run --gateway-dir ${home}/gateway`;
      const { status, stderr } = run('daemon', ...roots.split(' '), ...flag.split(' '));
      assert.equal(status, 1);
      assert.match(stderr, error);
      assert.deepEqual(await readdir(home), ['work']);
    });
  }

  test('the help and the version of the daemon are on standard output, and need no root', async () => {
    for (const [argv, start] of [
      [['daemon', '--help'], 'Usage: outboard daemon [OPTIONS]\n'],
      [['help', 'daemon'], 'Usage: outboard daemon [OPTIONS]\n'],
      [['daemon', '--version'], 'outboard version '],
      [['-v'], 'outboard version '],
    ] as const) {
      const { status, stdout, stderr } = run(...argv);
      assert.deepEqual([status, stderr], [0, '']);
      assert.ok(stdout.startsWith(start), stdout);
    }
    assert.deepEqual(await readdir(home), ['work']);
  });
});
