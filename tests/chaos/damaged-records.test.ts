/**
 * Plugins with damaged or unreadable records: they are listed, keep running, and can be repaired or removed.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openPluginEngine } from '@outboard/engine';
import { makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { checkDataRoot, readStoredPlugins } from '../support/data-root.ts';
import { createDockerCli, type DockerCli } from '../support/docker-cli.ts';
import { needsRoot } from '../support/needs-root.ts';
import { perlPluginArchive } from '../support/perl-plugin.ts';
import { type PluginApi, pluginApi } from '../support/plugin-api.ts';
import { pidOfPlugin, untilOnlyPluginsRun, untilPluginAccepts } from '../support/running-plugins.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));

describe('a plugin with a damaged record', { skip: needsRoot }, () => {
  let home: Awaited<ReturnType<typeof makeDaemonHome>>;
  let daemon: TestDaemon;
  let docker: DockerCli;
  let api: PluginApi;
  let id: string;
  let pid: number;
  let record: string;

  before(async () => {
    home = await makeDaemonHome();
    await startNext();
  });

  after(async () => {
    await removeAll();
    await daemon.end('SIGTERM');
    await docker.remove();
    await home.remove();
  });

  beforeEach(async () => {
    await removeAll();
    await api.create('acme/p', perlPluginArchive());
    await api.set('acme/p', 'DEBUG=7');
    await api.enable('acme/p');
    const [plugin] = readStoredPlugins(daemon.dataRoot);
    id = plugin?.id ?? assert.fail('no plugin');
    pid = pidOfPlugin(daemon.execRoot, id);
    record = join(daemon.dataRoot, 'plugins', id, 'config.json');
  });

  async function removeAll(): Promise<void> {
    const names = readdirSync(join(daemon.dataRoot, 'plugins')).filter((name) => name.length === 64);
    for (const name of names) await api.remove(name, { force: true });
  }

  async function startNext(): Promise<void> {
    daemon = await startDaemon({ home: home.home });
    docker ??= await createDockerCli(daemon.socket);
    api = pluginApi(daemon.socket);
  }

  /** Start the next daemon with the record as `change` makes it. */
  async function damage(change: (text: string) => string): Promise<void> {
    await daemon.end('SIGTERM');
    await writeFile(record, change(await readFile(record, 'utf8')));
    await startNext();
  }

  async function outboard(...args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
    return run(program, ['--host', `unix://${daemon.socket}`, ...args]);
  }

  const runningPid = () => pidOfPlugin(daemon.execRoot, id);

  for (const [name, change] of [
    ['with one changed character', (text: string) => text.replace('DEBUG=7', 'DEBUG=8')],
    ['that is truncated', (text: string) => text.slice(0, -90)],
  ] as const) {
    test(`keeps running, is listed, and is repaired from its blobs: a record ${name}`, async () => {
      await damage(change);
      assert.equal(runningPid(), pid);
      assert.match((await outboard('ls')).stdout, /acme\/p:latest +damaged/);
      assert.match(
        await docker.succeed('plugin', 'ls'),
        /acme\/p:latest +DAMAGED, to be repaired or removed.*true/,
      );
      assert.match(
        await docker.succeed('plugin', 'inspect', 'acme/p'),
        /DAMAGED, .*: plugin record .* is damaged/,
      );
      const [told] = JSON.parse((await outboard('inspect', 'acme/p')).stdout);
      assert.equal(told.State.Status, 'damaged');
      assert.match(await docker.fail('plugin', 'disable', 'acme/p'), /is damaged: .*outboard repair acme\/p/);
      assert.match(await docker.fail('plugin', 'rm', 'acme/p'), /is damaged: .*outboard rm -f acme\/p/);

      const { stdout, stderr } = await outboard('repair', 'acme/p');
      assert.equal(stdout, 'acme/p:latest\n');
      assert.match(stderr, /settings and options are those of its config/);
      assert.equal(runningPid(), pid, 'taken back as it runs');
      assert.match((await outboard('ls')).stdout, /acme\/p:latest +running/);
      const { plugins } = checkDataRoot(daemon.dataRoot);
      assert.deepEqual(
        plugins.map(({ name: stored, enabled, env }) => [stored, enabled, env]),
        [['acme/p:latest', true, ['DEBUG=0']]],
      );
      await docker.succeed('plugin', 'disable', 'acme/p');
    });
  }

  test('is repaired under a given name when its record is lost', async () => {
    await damage(() => '');
    assert.equal(runningPid(), pid);
    const shortId = id.slice(0, 12);
    assert.match((await outboard('ls')).stdout, new RegExp(`${shortId} +${shortId} +damaged`));
    await assert.rejects(outboard('repair', shortId), /does not tell its name any more.*--name NAME/);
    await outboard('repair', '--name', 'acme/new', shortId);
    assert.equal(runningPid(), pid);
    assert.match((await outboard('ls')).stdout, /acme\/new:latest +running/);
  });

  test('stays unchanged if its record was only temporarily unreadable', async () => {
    await daemon.end('SIGTERM');
    await rename(record, `${record}.away`);
    await mkdir(record); // reading it fails with EISDIR
    await startNext();
    assert.equal(runningPid(), pid);
    assert.match((await outboard('ls')).stdout, new RegExp(`${id.slice(0, 12)} +damaged`));
    await rmdir(record);
    await rename(`${record}.away`, record);
    assert.equal((await outboard('repair', id)).stderr, '');
    assert.equal(runningPid(), pid);
    const [plugin] = readStoredPlugins(daemon.dataRoot);
    assert.deepEqual([plugin?.enabled, plugin?.env], [true, ['DEBUG=7']]);
  });

  for (const [how, nameOf] of [
    ['its name', () => 'acme/p'],
    ['its ID', () => id],
    ['the beginning of its ID', () => id.slice(0, 12)],
  ] as const) {
    test(`is removed by ${how}, with all its files and mounts on the host`, async () => {
      await damage((text) => text.slice(0, -90));
      await docker.succeed('plugin', 'rm', '-f', nameOf());
      assert.ok(!existsSync(join(daemon.dataRoot, 'plugins', id)));
      const place = { home: home.home, execRoot: daemon.execRoot, daemons: [daemon.pid], ids: [id] };
      await untilOnlyPluginsRun(place, []);
      assert.deepEqual(checkDataRoot(daemon.dataRoot), { plugins: [], blobs: [] });
      await api.create('acme/p', perlPluginArchive());
    });
  }

  for (const [name, change] of [
    ['still contains its manifest', (text: string) => text.replace('DEBUG=7', 'DEBUG=8')],
    ['contains nothing readable', () => 'nothing'],
  ] as const) {
    test(`keeps its own blobs only, while its record ${name}`, async () => {
      await damage(change);
      const kept = readBlobs();
      await api.create('acme/other', perlPluginArchive('floods'));
      assert.ok(readBlobs().length > kept.length);
      await api.remove('acme/other');
      assert.deepEqual(readBlobs(), kept);
      const { stdout } = await outboard('gc');
      assert.match(stdout, /^Removed 0 blobs.*\nKept 3 blobs \(.*\) that damaged plugins may need/);
    });
  }

  function readBlobs(): readonly string[] {
    return readdirSync(join(daemon.dataRoot, 'plugins', 'storage', 'blobs', 'sha256')).sort();
  }

  test('is reported by the doctor, with and without a daemon', async () => {
    await damage((text) => text.slice(0, -90));
    const told = /plugins +fail +1 of 1 damaged: acme\/p:latest: plugin record .* is damaged/;
    await assert.rejects(outboard('doctor'), ({ stdout }: { stdout: string }) => told.test(stdout));
    const roots = ['--data-root', daemon.dataRoot, '--exec-root', daemon.execRoot];
    const { stdout } = await run(program, ['daemon', 'doctor', ...roots]);
    const { Checks } = JSON.parse(stdout);
    const check = Checks.find(({ Name }: { Name: string }) => Name === 'plugins');
    assert.equal(check.Status, 'fail');
    assert.match(check.Message, /^1 of 1 damaged: acme\/p:latest/);
  });
});

test('a daemon with a limit of 100 open files takes over 120 plugins and keeps the running ones running', {
  skip: needsRoot,
}, async (context) => {
  const home = await makeDaemonHome();
  context.after(home.remove);
  const roots = { dataRoot: join(home.home, 'data'), execRoot: join(home.home, 'run') };
  const running: { readonly id: string; readonly pid: number }[] = [];
  {
    await using engine = await openPluginEngine(roots);
    for (let index = 0; index < 8; index += 1) {
      const { id } = await engine.create({ name: `running-${index}`, context: once(perlPluginArchive()) });
      await engine.enable(id);
      running.push({ id, pid: pidOfPlugin(roots.execRoot, id) });
    }
    const { id } = await engine.create({ name: 'model', context: once(perlPluginArchive()) });
    await copyPlugin(roots.dataRoot, id, 112);
  }
  // Loaded before the record changes, because the built program is one file.
  const prelude = `
    await import('@outboard/daemon');
    const { execFileSync } = await import('node:child_process');
    execFileSync('prlimit', ['--pid', String(process.pid), '--nofile=100:100']);
  `;
  let daemon: TestDaemon | undefined;
  try {
    daemon = await startDaemon({ home: home.home, prelude });
    for (const { id, pid } of running) {
      await untilPluginAccepts(roots.execRoot, id);
      assert.equal(pidOfPlugin(roots.execRoot, id), pid);
      process.kill(pid, 0);
    }
    assert.doesNotMatch(daemon.log(), /"level":"?(error|50)/);
    await using docker = disposableDocker(await createDockerCli(daemon.socket));
    const names = await docker.cli.succeed('plugin', 'ls', '--format', '{{.Name}} {{.Description}}');
    assert.equal(names.trim().split('\n').length, 121);
    assert.doesNotMatch(names, /DAMAGED/);
  } finally {
    await daemon?.end('SIGTERM');
    await using engine = await openPluginEngine(roots);
    for (const { id } of running) await engine.remove(id, { force: true });
  }
});

/** Copies of a plugin as Docker would have written them, without a checksum, each with an ID and a name of its own. */
async function copyPlugin(dataRoot: string, id: string, count: number): Promise<void> {
  const plugins = join(dataRoot, 'plugins');
  const { Outboard: _, ...record } = JSON.parse(await readFile(join(plugins, id, 'config.json'), 'utf8'));
  for (let index = 0; index < count; index += 1) {
    const copyId = index.toString(16).padStart(64, 'c');
    await cp(join(plugins, id), join(plugins, copyId), { recursive: true });
    const plugin = { ...record.plugin, Id: copyId, Name: `copy-${index}:latest` };
    await writeFile(join(plugins, copyId, 'config.json'), JSON.stringify({ ...record, plugin }));
  }
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function disposableDocker(cli: DockerCli) {
  return { cli, [Symbol.asyncDispose]: () => cli.remove() };
}
