/**
 * The record of calls on real parts: a program that calls a plugin through the gateway, `outboard logs --calls`, and a
 * daemon that is killed.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { checkDataRoot } from '../support/data-root.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { callPlugin } from '../support/plugin-client.ts';
import { volumePlugin } from '../support/volume-plugin.ts';

const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));

describe('the record of calls', { skip: needsRoot }, () => {
  let home: string;
  let remove: () => Promise<void>;
  let daemon: TestDaemon;

  const start = () => startDaemon({ home });
  before(async () => {
    ({ home, remove } = await makeDaemonHome());
    daemon = await start();
    const api = pluginApi(daemon.socket);
    await api.create('acme/vol', pluginArchive(volumePlugin));
    await api.enable('acme/vol');
  });
  after(async () => {
    await pluginApi(daemon.socket).remove('acme/vol', { force: true });
    await remove();
  });

  const call = (method: string, body: object) =>
    callPlugin(join(daemon.gatewayDirectory, 'vol.sock'), `VolumeDriver.${method}`, body);

  function logs(...args: readonly string[]): ChildProcess {
    const argv = ['--host', `unix://${daemon.socket}`, 'logs', '--calls', ...args];
    return spawn(process.execPath, [program, ...argv], { stdio: ['ignore', 'pipe', 'inherit'] });
  }

  async function recorded(...args: readonly string[]): Promise<readonly Record<string, unknown>[]> {
    const lines = (await text(logs('--format', 'json', ...args).stdout ?? assert.fail())).trim();
    return lines === '' ? [] : lines.split('\n').map((line) => JSON.parse(line));
  }

  it('says who called what and with what result, also after the daemon was killed, and shows no secret', async () => {
    await call('Create', { Name: 'data' });
    await call('Mount', { Name: 'data', ID: 'me' });
    const refused = await call('Create', { Name: 'refused-1', Opts: { password: 'hunter22' } });
    assert.equal(refused.status, 500);
    await call('Unmount', { Name: 'data', ID: 'me' });
    const before = await recorded('acme/vol');
    assert.deepEqual(
      before.map(({ Method, Volume, Outcome, Status, Error: error }) => [
        Method,
        Volume,
        Outcome,
        Status,
        error,
      ]),
      [
        ['VolumeDriver.Create', 'data', 'success', 200, undefined],
        ['VolumeDriver.Mount', 'data', 'success', 200, undefined],
        ['VolumeDriver.Create', 'refused-1', 'failure', 500, 'out of space'],
        ['VolumeDriver.Unmount', 'data', 'success', 200, undefined],
      ],
    );
    for (const { Plugin, Consumer } of before) {
      assert.equal(Plugin, 'acme/vol:latest');
      assert.ok(typeof Consumer === 'object' && Consumer !== null && 'Pid' in Consumer);
      assert.equal(Consumer.Pid, process.pid);
    }
    await daemon.end('SIGKILL');
    daemon = await start();
    assert.deepEqual(await recorded(), before);
    const [id = ''] = checkDataRoot(daemon.dataRoot).plugins.map((plugin) => plugin.id);
    const file = join(daemon.dataRoot, 'plugins', id, 'logs', 'calls', 'log');
    assert.doesNotMatch(await readFile(file, 'utf8'), /hunter22/);
  });

  it('follows new calls as they end', async () => {
    const following = logs('-f', '--tail', '1');
    const lines = createInterface(following.stdout ?? assert.fail())[Symbol.asyncIterator]();
    const next = async () => String((await lines.next()).value);
    assert.match(await next(), /VolumeDriver\.Unmount data, by node \(pid \d+/);
    await call('Get', { Name: 'none' });
    const pattern =
      /^\S+Z failure +\d+\.\dms acme\/vol:latest VolumeDriver\.Get none, by .*: no such volume none$/;
    assert.match(await next(), pattern);
    following.kill('SIGINT');
    await once(following, 'exit');
  });
});
