/**
 * `docker volume` of the stock docker CLI over volume plugins. docs/volumes.md lists the texts that differ from Docker
 * Engine 20.10.24 on purpose.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { createDockerCli, type DockerCli } from '../support/docker-cli.ts';
import { needsRoot } from '../support/needs-root.ts';
import { writePluginContext } from '../support/plugin-fixture.ts';
import { volumePlugin } from '../support/volume-plugin.ts';

const plugin = 'acme/vol:latest';
const other = 'acme/other:latest';

describe('docker volume', { skip: needsRoot }, () => {
  let home: string;
  let removeHome: () => Promise<void>;
  let daemon: TestDaemon;
  let docker: DockerCli;

  before(async () => {
    ({ home, remove: removeHome } = await makeDaemonHome());
    daemon = await startDaemon({ home });
    docker = await createDockerCli(daemon.socket);
    const context = join(home, 'context');
    await writePluginContext(context, volumePlugin);
    for (const name of [plugin, other]) {
      await docker.succeed('plugin', 'create', name, context);
      await docker.succeed('plugin', 'enable', name);
    }
  });

  after(async () => {
    for (const name of [plugin, other]) await docker.run(['plugin', 'rm', '-f', name]);
    await docker.remove();
    assert.equal(await daemon.end('SIGTERM'), 0, daemon.log());
    await removeHome();
  });

  const create = (...args: readonly string[]) => docker.succeed('volume', 'create', '-d', plugin, ...args);
  const list = async (...args: readonly string[]) =>
    (await docker.succeed('volume', 'ls', '-q', ...args)).split('\n').filter((line) => line !== '');
  const inspect = async (name: string) => JSON.parse(await docker.succeed('volume', 'inspect', name))[0];
  const fails = async (expected: string, ...args: readonly string[]) =>
    assert.equal(await docker.fail('volume', ...args), `Error response from daemon: ${expected}`);

  it('create, ls, inspect and rm work in sequence', async () => {
    assert.equal(await create('life'), 'life\n');
    assert.equal(await docker.succeed('volume', 'ls'), `DRIVER            VOLUME NAME\n${plugin}   life\n`);
    const volume = await inspect('life');
    assert.match(volume.CreatedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.match(volume.Mountpoint, /\/data\/plugins\/[0-9a-f]{64}\/propagated-mount\/life$/);
    const { CreatedAt: _createdAt, Mountpoint: _mountpoint, ...rest } = volume;
    assert.deepEqual(rest, {
      Driver: plugin,
      Labels: null,
      Name: 'life',
      Options: null,
      Scope: 'local',
      Status: { kind: 'folder' },
    });
    assert.equal(await docker.succeed('volume', 'rm', 'life'), 'life\n');
    assert.deepEqual(await list(), []);
  });

  it('a second create returns the same volume, with its first labels and options', async () => {
    await create('--label', 'team=a', '-o', 'size=1', 'again');
    assert.equal(
      await docker.succeed('volume', 'create', '-d', 'acme/vol', '--label', 'team=b', 'again'),
      'again\n',
    );
    const { Labels, Options } = await inspect('again');
    assert.deepEqual([Labels, Options], [{ team: 'a' }, { size: '1' }]);
    const conflict = `create again: driver '${plugin}' already has volume 'again': volume name must be unique`;
    await fails(conflict, 'create', '-d', other, 'again');
    await fails(conflict, 'create', 'again');
    await docker.succeed('volume', 'rm', 'again');
  });

  it('create without a name prints the generated name', async () => {
    const name = (await create()).trim();
    assert.match(name, /^[0-9a-f]{64}$/);
    assert.deepEqual((await inspect(name)).Labels, { 'com.docker.volume.anonymous': '' });
    await docker.succeed('volume', 'rm', name);
  });

  it('errors have the texts and exit codes of Docker', async () => {
    await fails(
      'create x: error looking up volume plugin nope: plugin "nope" not found',
      'create',
      '-d',
      'nope',
      'x',
    );
    await fails('create x: error looking up volume plugin local: plugin "local" not found', 'create', 'x');
    await fails('create refused-1: out of space', 'create', '-d', plugin, 'refused-1');
    await fails(
      'create x: VolumeDriver.Create: unknown option bad',
      'create',
      '-d',
      plugin,
      '-o',
      'bad=1',
      'x',
    );
    await fails('get nope: no such volume', 'rm', 'nope');
    assert.equal(await docker.succeed('volume', 'rm', '-f', 'nope'), 'nope\n');
    const inspected = await docker.run(['volume', 'inspect', 'nope']);
    assert.deepEqual(inspected, {
      code: 1,
      stdout: '[]\n',
      stderr: 'Error response from daemon: get nope: no such volume\n',
    });
    assert.match(await docker.fail('volume', 'ls', '-f', 'bogus=1'), /: invalid filter 'bogus'/);
    assert.match(
      await docker.fail('volume', 'ls', '-f', 'dangling=maybe'),
      /: invalid filter 'dangling=\[maybe\]'/,
    );
    assert.deepEqual(await list(), []);
  });

  it('a volume that its plugin refuses to remove stays, and the plugin still has it after rm -f', async () => {
    await create('kept-1');
    await fails('remove kept-1: held by a lease', 'rm', 'kept-1');
    await fails('remove kept-1: held by a lease', 'rm', '-f', 'kept-1');
    assert.deepEqual(await list(), ['kept-1']);
    await docker.succeed('plugin', 'disable', plugin);
    await docker.succeed('plugin', 'enable', plugin);
  });

  it('ls filters by name, driver, label and dangling', async () => {
    await create('--label', 'team=a', 'data-1');
    await create('--label', 'team=b', 'data-2');
    await docker.succeed('volume', 'create', '-d', other, 'else-1');
    const cases: readonly [filters: readonly string[], names: readonly string[]][] = [
      [['name=data'], ['data-1', 'data-2']],
      [
        ['name=^e', 'name=2$'],
        ['data-2', 'else-1'],
      ],
      [[`driver=${other}`], ['else-1']],
      [['driver=acme/other'], []],
      [['label=team'], ['data-1', 'data-2']],
      [['label=team=b'], ['data-2']],
      [['label=team=b', 'label=team=a'], []],
      [
        ['dangling=true', 'name=data'],
        ['data-1', 'data-2'],
      ],
      [['dangling=false'], []],
    ];
    for (const [filters, names] of cases) {
      assert.deepEqual(await list(...filters.flatMap((filter) => ['-f', filter])), names, filters.join(' '));
    }
    await docker.succeed('volume', 'rm', 'data-1', 'data-2', 'else-1');
  });

  it('prune removes anonymous volumes, and named ones with --all', async () => {
    const name = (await create()).trim();
    await create('--label', 'keep', 'named-1');
    await create('named-2');
    const pruned = await docker.succeed('volume', 'prune', '-f');
    assert.equal(pruned, `Deleted Volumes:\n${name}\n\nTotal reclaimed space: 0B\n`);
    assert.equal(await docker.succeed('volume', 'prune', '-f'), 'Total reclaimed space: 0B\n');
    assert.match(
      await docker.succeed('volume', 'prune', '-f', '--all', '--filter', 'label!=keep'),
      /\nnamed-2\n/,
    );
    assert.deepEqual(await list('-f', 'name=named'), ['named-1']);
    await docker.succeed('volume', 'rm', 'named-1');
  });

  it('the plugin is in use by its volumes, which are listed with a warning while it is disabled', async () => {
    await create('held');
    const inUse = await docker.fail('plugin', 'disable', plugin);
    assert.match(inUse, /: plugin acme\/vol:latest is in use: volume held \(since .*\)$/);
    await docker.succeed('plugin', 'disable', '-f', plugin);
    assert.deepEqual(await list(), ['held']);
    const lookUp = `error looking up volume plugin ${plugin}: plugin ${plugin} found but disabled`;
    const why = `get held: error while checking if volume "held" exists in driver "${plugin}": ${lookUp}`;
    const { code, stderr } = await docker.run(['volume', 'inspect', 'held']);
    assert.deepEqual([code, stderr], [1, `Error response from daemon: ${why}\n`]);
    await fails(why, 'rm', 'held');
    await fails(why, 'rm', '-f', 'held');
    await fails(`create held: ${lookUp}`, 'create', '-d', plugin, 'held');
    await docker.succeed('plugin', 'enable', plugin);
    await docker.succeed('volume', 'rm', 'held');
  });

  it('a volume that its driver no longer lists is shown, explains why its plugin is in use, and can be removed', async () => {
    await create('unlisted-1');
    // docker prints no warnings here.
    const listed = await docker.run(['volume', 'ls', '-q', '-f', 'name=unlisted']);
    assert.deepEqual(listed, { code: 0, stdout: 'unlisted-1\n', stderr: '' });
    const inUse = await docker.fail('plugin', 'disable', plugin);
    assert.match(inUse, /: volume unlisted-1 \(its driver no longer lists it, since [^)]+\)$/);
    assert.equal(await docker.succeed('volume', 'rm', 'unlisted-1'), 'unlisted-1\n');
    await docker.succeed('plugin', 'disable', plugin);
    await docker.succeed('plugin', 'enable', plugin);
  });

  it('V1 volumes persist when the daemon stops or is killed', async () => {
    await create('--label', 'team=a', 'kept');
    const { Mountpoint } = await inspect('kept');
    await writeFile(join(Mountpoint, 'hello'), 'world');
    await daemon.end('SIGKILL');
    daemon = await startDaemon({ home });
    assert.deepEqual((await inspect('kept')).Labels, { team: 'a' });
    assert.equal(await readFile(join(Mountpoint, 'hello'), 'utf8'), 'world');
    assert.match(await docker.fail('plugin', 'disable', plugin), /is in use: volume kept/);
    await docker.succeed('volume', 'rm', 'kept');
  });

  it('events show changes of volumes', async () => {
    const since = String(Math.floor(Date.now() / 1000));
    await create('events-1');
    await create('events-1');
    await docker.succeed('volume', 'rm', 'events-1');
    await docker.succeed('volume', 'prune', '-f');
    const until = String(Math.ceil(Date.now() / 1000) + 1);
    const format = '{{.Action}} {{.Actor.ID}} {{.Actor.Attributes.driver}} {{.Actor.Attributes.reclaimed}}';
    const args = ['--since', since, '--until', until, '--filter', 'type=volume', '--format', format];
    const lines = (await docker.succeed('events', ...args)).trim().split('\n');
    assert.deepEqual(lines.slice(-3), [
      `create events-1 ${plugin} <no value>`,
      `destroy events-1 ${plugin} <no value>`,
      'prune  <no value> 0',
    ]);
  });

  it('volumes of a plugin that was removed by force can be removed by force', async () => {
    await docker.succeed('volume', 'create', '-d', other, 'orphan');
    await docker.succeed('plugin', 'rm', '-f', other);
    assert.deepEqual(await list('-f', 'name=orphan'), ['orphan']);
    assert.match(await docker.fail('volume', 'rm', 'orphan'), /plugin "acme\/other:latest" not found$/);
    assert.equal(await docker.succeed('volume', 'rm', '-f', 'orphan'), 'orphan\n');
    await create('orphan');
    await docker.succeed('volume', 'rm', 'orphan');
  });

  it('a plugin with the name local serves volumes without a driver', async () => {
    await docker.succeed('plugin', 'create', 'local', join(home, 'context'));
    await docker.succeed('plugin', 'enable', 'local');
    assert.equal(await docker.succeed('volume', 'create', 'mine'), 'mine\n');
    assert.equal((await inspect('mine')).Driver, 'local:latest');
    await docker.succeed('volume', 'rm', 'mine');
    await docker.succeed('plugin', 'rm', '-f', 'local');
  });
});
