/**
 * Values of secret settings reach the plugin and nobody else, however they are set: canaries are set in every way, and
 * looked for in everything that a daemon shows, logs and stores, and in every process of the host.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type ApiAnswer, callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { outboard } from '../support/outboard-program.ts';
import { type PluginApi, pluginApi } from '../support/plugin-api.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { readProcessMemory } from '../support/process-memory.ts';

/** A value that is found again, by the way in which it is set. */
const canary = (way: string) => `canary-${way}-correct-horse-battery-staple`;
const ways = ['docker', 'author', 'operator', 'file', 'credential', 'environment', 'command'];

const variable = (name: string, more: object = {}) => ({
  Name: name,
  Settable: ['value'],
  Value: '',
  ...more,
});

/** Names of the canaries in a text. */
function found(text: string | Buffer): readonly string[] {
  return ways.filter((way) => text.includes(canary(way)));
}

interface FoundFile {
  readonly path: string;
  readonly ways: readonly string[];
  /** True if another user than root can read it. */
  readonly isOpen: boolean;
}

/** Files below a directory that hold canaries. */
function filesWithCanaries(directory: string, open = true): readonly FoundFile[] {
  const isOpen = open && (statSync(directory).mode & 0o001) !== 0;
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return filesWithCanaries(path, isOpen);
    const held = entry.isFile() ? found(readFileSync(path)) : [];
    if (held.length === 0) return [];
    return [{ path, ways: held, isOpen: isOpen && (statSync(path).mode & 0o044) !== 0 }];
  });
}

/** Processes with canaries in their arguments or their environment. Those that end meanwhile are left out. */
function processesWithCanaries(): readonly { readonly pid: number; readonly environment: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({
      pid: Number(pid),
      environment: readProcessMemory(pid, 'environ'),
      line: readProcessMemory(pid, 'cmdline'),
    }))
    .filter(({ environment, line }) => found(`${environment}\0${line}`).length > 0);
}

describe('D16 secrets in settings', { skip: needsRoot }, () => {
  let home = '';
  let daemon: TestDaemon;
  let api: PluginApi;
  let removeHome: () => Promise<void>;
  const get = (path: string): Promise<ApiAnswer> => callApi(daemon.socket, 'GET', path);
  const run = (...args: readonly string[]) => outboard(args, { cwd: home, socket: daemon.socket });

  before(async () => {
    ({ home, remove: removeHome } = await makeDaemonHome());
    await mkdir(join(home, 'host'), { mode: 0o700 });
    for (const way of ['file', 'credential', 'command'])
      await writeFile(join(home, 'host', way), `${canary(way)}\n`, { mode: 0o600 });
    daemon = await startDaemon({
      home,
      args: [
        ...['--log-level', 'debug', '--metrics-addr', '127.0.0.1:0'],
        ...['--restart-delay', '0.1', '--restart-max-delay', '0.2'],
      ],
      env: { CANARY: canary('environment'), CREDENTIALS_DIRECTORY: join(home, 'host') },
    });
    api = pluginApi(daemon.socket);
  });
  after(async () => {
    await daemon?.end('SIGTERM');
    await removeHome?.();
  });

  test('reach the plugin alone, and are not shown, logged or readable by others', async () => {
    const config = {
      Env: [
        variable('IS_PLUGIN', { Value: '1' }),
        variable('TOKEN'),
        variable('AUTHOR', { Secret: true }),
        ...['OPERATOR', 'FILE', 'CREDENTIAL', 'ENVIRONMENT', 'COMMAND'].map((name) => variable(name)),
      ],
    };
    await api.create('acme/p', pluginArchive({ config }));
    await api.set('acme/p', `TOKEN=${canary('docker')}`);
    const settings = [
      `AUTHOR=${canary('author')}`,
      `OPERATOR=${canary('operator')}`,
      `FILE=@file:${join(home, 'host', 'file')}`,
      'CREDENTIAL=@credential:credential',
      'ENVIRONMENT=@env:CANARY',
      `COMMAND=@command:/bin/cat ${join(home, 'host', 'command')}`,
    ];
    const set = await run('set', '--secret', 'OPERATOR', 'acme/p', ...settings);
    assert.deepEqual([set.code, set.err], [0, '']);
    await api.enable('acme/p');

    const processes = processesWithCanaries().filter(({ pid }) => pid !== daemon.pid);
    assert.ok(processes.length > 0, 'no process has the values');
    for (const { pid, environment } of processes) {
      assert.match(environment, /(^|\0)IS_PLUGIN=1\0/, `process ${pid} is not the plugin`);
      assert.deepEqual(found(environment), ways);
    }

    const paths = ['/plugins', '/plugins/acme/p/json', '/info', '/version', '/outboard/v1/doctor'].concat(
      ['status', 'options', 'stats', 'top', 'preflight', 'references'].map(
        (name) => `/outboard/v1/plugins/acme/p/${name}`,
      ),
    );
    for (const path of paths) assert.deepEqual(found((await get(path)).text), [], path);
    const env = JSON.parse((await get('/plugins/acme/p/json')).text).Settings.Env;
    assert.deepEqual(env.slice(0, 5), [
      'IS_PLUGIN=1',
      'TOKEN=***',
      'AUTHOR=***',
      'OPERATOR=***',
      `FILE=@file:${join(home, 'host', 'file')}`,
    ]);
    for (const command of [
      ['inspect', 'acme/p'],
      ['ls', '--format', 'json'],
      ['doctor'],
      ['fsck'],
      ['logs', 'acme/p'],
    ]) {
      const { out, err } = await run(...command);
      assert.deepEqual(found(out + err), [], command.join(' '));
    }
    const [, metricsPort] = /"tcp:\/\/127\.0\.0\.1:(\d+)"\],"msg":"serving metrics"/.exec(daemon.log()) ?? [];
    const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    assert.match(metrics, /plugin="acme\/p:latest"/);
    assert.deepEqual(found(metrics), []);
    const shown = await run('inspect', '--show-secrets', 'acme/p');
    assert.deepEqual(found(shown.out), ['docker', 'author', 'operator']);

    const files = [...filesWithCanaries(daemon.dataRoot), ...filesWithCanaries(daemon.execRoot)];
    assert.deepEqual(
      files.filter(({ isOpen }) => isOpen),
      [],
    );
    assert.ok(files.length >= 2, `want the record and the bundle's spec: ${JSON.stringify(files)}`);
    const stored = files.filter(({ path }) => path.startsWith(daemon.dataRoot));
    assert.deepEqual(new Set(stored.flatMap((file) => file.ways)), new Set(['docker', 'author', 'operator']));
  });

  test('D17 are not in events and logs, and gone with the plugin', async () => {
    await api.disable('acme/p');
    const bundle = filesWithCanaries(daemon.execRoot);
    assert.deepEqual(bundle, [], 'the spec of a plugin that does not run');
    await api.remove('acme/p');
    const now = Math.ceil(Date.now() / 1000) + 1;
    const events = await get(`/events?since=1&until=${now}`);
    assert.match(events.text, /"Action":"remove"/);
    for (const line of events.text.trim().split('\n'))
      assert.deepEqual(Object.keys(JSON.parse(line).Actor.Attributes), ['name']);
    assert.deepEqual(found(events.text), []);
    assert.deepEqual(found(daemon.log()), []);
    assert.deepEqual([...filesWithCanaries(daemon.dataRoot), ...filesWithCanaries(daemon.execRoot)], []);
  });

  test('are read again at each start, which says in plain words what is missing', async () => {
    const source = join(home, 'host', 'later');
    await api.create('acme/late', pluginArchive({ config: { Env: [variable('PASSWORD')] } }));
    const set = await run('set', 'acme/late', `PASSWORD=@file:${source}`);
    assert.equal(set.err, '');
    const failed = await run('enable', 'acme/late');
    assert.equal(failed.code, 1);
    assert.match(
      failed.err,
      new RegExp(`setting "PASSWORD" comes from "@file:${source}": cannot read "${source}": no such file`),
    );
    const passwords = [canary('file'), canary('command')];
    for (const password of passwords) {
      await writeFile(source, password);
      await api.enable('acme/late');
      const [plugin] = processesWithCanaries().filter(({ pid }) => pid !== daemon.pid);
      assert.ok(plugin?.environment.includes(`PASSWORD=${password}\0`), plugin?.environment);
      await api.disable('acme/late');
    }
    await api.remove('acme/late');
  });

  test('may come later than the plugin, which is started again until they are there', async () => {
    const source = join(home, 'host', 'vanishing');
    await writeFile(source, canary('file'));
    await api.create('acme/again', pluginArchive({ config: { Env: [variable('PASSWORD')] } }));
    assert.equal((await run('set', 'acme/again', `PASSWORD=@file:${source}`)).err, '');
    await api.enable('acme/again');
    await rm(source);
    const [plugin] = processesWithCanaries().filter(({ pid }) => pid !== daemon.pid);
    process.kill(plugin?.pid ?? assert.fail('it does not run'), 'SIGKILL');
    await daemon.untilLogged(/PASSWORD.*comes from .*vanishing.*no such file/);
    const status = JSON.parse((await get('/outboard/v1/plugins/acme/again/json')).text);
    assert.match(JSON.stringify(status), /no such file/);
    await writeFile(source, canary('command'));
    assert.equal((await get('/outboard/v1/plugins/acme/again/wait')).status, 200);
    const [again] = processesWithCanaries().filter(({ pid }) => pid !== daemon.pid);
    assert.deepEqual(found(again?.environment ?? ''), ['command']);
    assert.deepEqual(found(daemon.log()), []);
    await api.remove('acme/again', { force: true });
  });
});
