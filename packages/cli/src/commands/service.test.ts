import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { programCommand } from '../installation.ts';
import { run } from '../testing/run-command.ts';
import { quoteWord } from './service.ts';

const install = ['service', 'install', '--from-checkout'];

async function inPrefix(body: (prefix: string, directory: string) => Promise<void>): Promise<void> {
  const prefix = await mkdtemp(join(tmpdir(), 'ob-units-'));
  try {
    await body(prefix, join(prefix, 'etc/systemd/system'));
  } finally {
    await rm(prefix, { recursive: true });
  }
}

describe('service', () => {
  test('install writes units that start this program, and uninstall removes them', () =>
    inPrefix(async (prefix, directory) => {
      const installed = await run([...install, '--prefix', prefix], {});
      assert.equal(installed.code, 0, installed.err);
      assert.deepEqual((await readdir(directory)).sort(), ['outboard.service', 'outboard.socket']);
      const unit = await readFile(join(directory, 'outboard.service'), 'utf8');
      const program = programCommand().map(quoteWord).join(' ');
      const start = `ExecStart=${program} daemon --host fd://`;
      assert.ok(unit.split('\n').includes(start), unit);
      assert.ok(unit.includes(`\nExecReload=${program} daemon reload\n`), unit);
      assert.equal((await run(['service', 'uninstall', '--prefix', prefix], {})).code, 0);
      assert.deepEqual(await readdir(directory), []);
    }));

  test('the units keep plugins running while the daemon restarts, and set its watchdog', () =>
    inPrefix(async (prefix, directory) => {
      await run([...install, '--prefix', prefix], {});
      const service = (await readFile(join(directory, 'outboard.service'), 'utf8')).split('\n');
      const wanted = [
        'KillMode=process',
        'Delegate=yes',
        'Type=notify',
        'WatchdogSec=60',
        'Restart=on-failure',
      ];
      const more = ['LimitNOFILE=1048576', 'Requires=outboard.socket'];
      // systemd would change the owners of all files in /run/outboard.
      assert.deepEqual(
        service.filter((line) => line.startsWith('RuntimeDirectory=')),
        ['RuntimeDirectory=outboard-service'],
      );
      for (const line of [...wanted, ...more]) assert.ok(service.includes(line), `no ${line}`);
      const socket = (await readFile(join(directory, 'outboard.socket'), 'utf8')).split('\n');
      for (const line of ['ListenStream=/run/outboard/outboard.sock', 'SocketMode=0660']) {
        assert.ok(socket.includes(line), `no ${line}`);
      }
    }));

  test('the socket belongs to the group outboard if it exists, else to root alone', () =>
    inPrefix(async (prefix, directory) => {
      const socketUnit = async () => (await readFile(join(directory, 'outboard.socket'), 'utf8')).split('\n');
      const without = await run([...install, '--prefix', prefix], {});
      assert.match(
        without.out,
        /\nOnly root may use the API\. To permit other users: groupadd --system outboard, .*run this again\n$/,
      );
      assert.deepEqual(
        (await socketUnit()).filter((line) => /group|GROUP|ExecStart/i.test(line)),
        [],
      );
      await mkdir(join(prefix, 'etc'), { recursive: true });
      await writeFile(join(prefix, 'etc/group'), 'root:x:0:\noutboard:x:999:someone\n');
      const within = await run([...install, '--prefix', prefix], {});
      assert.doesNotMatch(within.out, /Only root/);
      const unit = await socketUnit();
      for (const line of [
        'SocketGroup=outboard',
        'DirectoryMode=0710',
        'ExecStartPost=/bin/chgrp outboard /run/outboard',
      ]) {
        assert.ok(unit.includes(line), `no ${line}`);
      }
      assert.equal(unit.join('\n').includes('@'), false);
    }));

  test('install refuses the program of a checkout, and names the flag that permits it', () =>
    inPrefix(async (prefix) => {
      const { code, out, err } = await run(['service', 'install', '--prefix', prefix], {});
      assert.equal(code, 1);
      assert.equal(out, '');
      assert.match(err, /runs from a checkout, \/.*: install Outboard .*, or use --from-checkout\n$/);
      assert.deepEqual(await readdir(prefix), []);
    }));

  test('install uses the units of a package that start this program, and uninstall leaves them', () =>
    inPrefix(async (prefix, directory) => {
      const packaged = join(prefix, 'usr/lib/systemd/system');
      await mkdir(packaged, { recursive: true });
      const program = programCommand().map(quoteWord).join(' ');
      await writeFile(
        join(packaged, 'outboard.service'),
        `[Service]\nExecStart=${program} daemon --host fd://\n`,
      );
      const installed = await run([...install, '--prefix', prefix], {});
      assert.match(installed.out, /has the units of the package/);
      await assert.rejects(readdir(directory), { code: 'ENOENT' });
      const removed = await run(['service', 'uninstall', '--prefix', prefix], {});
      assert.match(removed.out, /those of the package/);
      assert.deepEqual(await readdir(packaged), ['outboard.service']);
      await writeFile(
        join(packaged, 'outboard.service'),
        '[Service]\nExecStart=/other daemon --host fd://\n',
      );
      await run([...install, '--prefix', prefix], {});
      assert.deepEqual((await readdir(directory)).sort(), ['outboard.service', 'outboard.socket']);
    }));

  test('install does not start services of another system', async () => {
    const { code, err } = await run(['service', 'install', '--now', '--prefix', '/nonexistent'], {});
    assert.deepEqual(
      [code, err],
      [125, 'conflicting options: --now starts the service on this system, --prefix is for another one\n'],
    );
  });

  test('a wrong subcommand points to the help of its own command', async () => {
    const { code, err } = await run(['service', 'frob'], {});
    assert.equal(code, 125);
    assert.match(err, /Run 'outboard service --help' for more information/);
  });

  for (const [word, quoted] of [
    ['/usr/bin/node', '/usr/bin/node'],
    ['/opt/my node/bin', '"/opt/my node/bin"'],
    ['/opt/100%/$x', '/opt/100%%/$$x'],
    ['/opt/a"b\\c', '"/opt/a\\"b\\\\c"'],
  ] as const) {
    test(`quoteWord() quotes ${word} for systemd`, () => assert.equal(quoteWord(word), quoted));
  }
});
