/**
 * Tables in terminals of limited width, and the choice of columns.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { displayWidth } from '../terminal/display-width.ts';
import { json } from '../testing/recorded-daemon.ts';
import { plugin, run } from '../testing/run-command.ts';

const names = [
  'registry.example.com/storage/volumes-of-the-cluster:1.0.3',
  '日本/ボリューム:1',
  'evil\u001b[2J/x:1',
];
const answers = {
  'GET /outboard/v1/plugins': json(
    names.map((Name, index) => ({
      Id: String(index).repeat(64),
      Name,
      Enabled: true,
      PluginReference: '',
      Description: 'volumes',
      Digest: `sha256:${'ab'.repeat(32)}`,
      Architecture: 'amd64',
      State: { Status: 'running', Restarts: 0, Health: 'healthy' },
      MemoryBytes: 12_345_678,
      Gateway: { Alias: 'a', Socket: '/run/docker/plugins/a.sock' },
    })),
  ),
};
const everything = ['ID', 'NAME', 'STATE', 'HEALTH', 'RESTARTS', 'UPTIME', 'MEMORY', 'ARCH', 'DIGEST'];
const headersOf = (out: string) => out.split('\n')[0]?.trim().split(/ {2,}/);

describe('ls in a terminal', () => {
  for (const [columns, headers] of [
    [200, everything],
    [150, ['ID', 'NAME', 'STATE', 'HEALTH', 'RESTARTS', 'UPTIME', 'MEMORY', 'ARCH', 'DIGEST']],
    [135, ['ID', 'NAME', 'STATE', 'HEALTH', 'RESTARTS', 'UPTIME', 'MEMORY', 'ARCH']],
    [125, ['ID', 'NAME', 'STATE', 'HEALTH', 'RESTARTS', 'UPTIME', 'MEMORY']],
    [120, ['ID', 'NAME', 'STATE', 'HEALTH', 'RESTARTS', 'UPTIME']],
    [110, ['ID', 'NAME', 'STATE', 'HEALTH', 'UPTIME']],
    [97, ['ID', 'NAME', 'STATE', 'HEALTH']],
    [85, ['ID', 'NAME', 'STATE']],
    [80, ['NAME', 'STATE']],
    [40, ['NAME', 'STATE']],
    [20, ['NAME', 'STATE']],
  ] as const) {
    test(`of ${columns} columns shows ${headers.length} columns of the table, none cut by the terminal`, async () => {
      const { out } = await run(['ls'], answers, { columns });
      assert.deepEqual(headersOf(out), headers);
      for (const line of out.split('\n')) assert.ok(displayWidth(line) <= columns, line);
    });
  }

  test('truncates names last, by their width on the terminal, and escaped', async () => {
    const { out } = await run(['ls'], answers, { columns: 30 });
    assert.deepEqual(out.split('\n'), [
      'NAME                   STATE',
      'evil\\x1b[2J/x:1        running',
      'registry.example.co…   running',
      '日本/ボリューム:1      running',
      '',
    ]);
  });

  test('shows everything with --no-trunc, and COLUMNS overrides the width of the terminal', async () => {
    assert.deepEqual(headersOf((await run(['ls', '--no-trunc'], answers, { columns: 20 })).out), everything);
    const narrow = await run(['ls'], answers, { columns: 200, env: { COLUMNS: '80' } });
    assert.deepEqual(headersOf(narrow.out), ['NAME', 'STATE']);
    const invalid = await run(['ls'], answers, { columns: 200, env: { COLUMNS: 'wide' } });
    assert.deepEqual(headersOf(invalid.out), everything);
  });

  test('of a Docker Engine drops the description and then the ID', async () => {
    const docker = { 'GET /plugins': json([plugin('acme/volumes:1')]) };
    const shown = async (columns: number) => headersOf((await run(['ls'], docker, { columns })).out);
    assert.deepEqual(await shown(100), ['ID', 'NAME', 'DESCRIPTION', 'ENABLED']);
    assert.deepEqual(await shown(60), ['ID', 'NAME', 'ENABLED']);
    assert.deepEqual(await shown(30), ['NAME', 'ENABLED']);
  });
});

test('ls without a terminal prints all columns, also when COLUMNS is set', async () => {
  assert.deepEqual(headersOf((await run(['ls'], answers, { env: { COLUMNS: '20' } })).out), everything);
});

describe('--columns', () => {
  test('chooses columns and their order, by header or by field, and drops none', async () => {
    const { out } = await run(['ls', '--columns', 'State, name,SOCKET,pluginreference'], answers, {
      columns: 60,
    });
    assert.deepEqual(headersOf(out), ['STATE', 'NAME', 'SOCKET', 'IMAGE']);
    assert.match(out, /^running +evil\\x1b\[2J\/x:1 +\/run\/do… +-$/m);
    const piped = await run(['ls', '--columns', 'name,state'], answers);
    assert.match(piped.out, /^registry\.example\.com\/storage\/volumes-of-the-cluster:1\.0\.3 {3}running$/m);
  });

  test('is refused for unknown columns and with a format, before any request', async () => {
    for (const [argv, reason] of [
      [
        ['ls', '--columns', 'name,size'],
        /there is no column "size", only description, enabled, id, name, image, state/,
      ],
      [['ls', '--columns', ''], /there is no column ""/],
      [['ls', '--columns', 'name', '--format', 'json'], /--columns is for tables/],
      [['ls', '--columns', 'name', '--format', 'table {{.Name}}'], /--columns is for tables/],
      [['volume', 'ls', '--columns', 'size'], /only driver, labels, mountpoint, volume-name, scope/],
      [['stats', '--columns', 'size'], /only block-i-o, cpu, plugin-id, mem, mem-usage-limit/],
    ] as const) {
      const { code, err, daemon } = await run(argv, answers);
      assert.equal(code, 125);
      assert.match(err, reason);
      assert.deepEqual(daemon.lines(), []);
    }
  });
});

test('volume ls truncates drivers before names, and shows other columns', async () => {
  const volume = {
    Name: 'data-of-the-customers',
    Driver: 'registry.example.com/acme/driver:latest',
    Scope: 'local',
  };
  const volumes = { 'GET /volumes': json({ Volumes: [{ ...volume, Mountpoint: '/mnt/x', Labels: {} }] }) };
  const { out } = await run(['volume', 'ls'], volumes, { columns: 50 });
  assert.equal(
    out,
    'DRIVER                       VOLUME NAME\nregistry.example.com/acme…   data-of-the-customers\n',
  );
  const whole = await run(['volume', 'ls', '--no-trunc'], volumes, { columns: 50 });
  assert.match(whole.out, /acme\/driver:latest {3}data-of-the-customers$/m);
  const chosen = await run(['volume', 'ls', '--columns', 'name,mountpoint'], volumes);
  assert.equal(chosen.out, 'VOLUME NAME             MOUNTPOINT\ndata-of-the-customers   /mnt/x\n');
});

test('top drops columns, and truncates command lines', async () => {
  const top = json({
    Titles: ['PID', 'PPID', 'USER', 'TIME', 'COMMAND'],
    Processes: [['7', '1', 'root', '00:00:01', 'node /plugin/main.js --with=a-long-argument']],
  });
  const processes = { 'GET /outboard/v1/plugins/p/top': top };
  const { out } = await run(['top', 'p'], processes, { columns: 40 });
  assert.equal(out, 'PID       COMMAND\n7         node /plugin/main.js --with=a…\n');
  const whole = await run(['top', '--no-trunc', 'p'], processes, { columns: 40 });
  assert.match(whole.out, /^7 +1 +root +00:00:01 +node \/plugin\/main\.js --with=a-long-argument$/m);
});

test('stats drops columns, and shows whole IDs with --no-trunc', async () => {
  const sample = (Read: string) => ({
    HostMemoryBytes: 1_073_741_824,
    Plugins: [{ Id: 'a'.repeat(64), Name: 'acme/p:latest', Read, MemoryBytes: 8_388_608 }],
  });
  const stats = {
    'GET /outboard/v1/stats': (response: { write(text: string): unknown }) => {
      for (const second of ['1', '2']) {
        response.write(`${JSON.stringify(sample(`2026-08-01T12:00:0${second}.000Z`))}\n`);
      }
    },
  };
  const { out } = await run(['stats', '--no-stream'], stats, { columns: 50 });
  assert.deepEqual(headersOf(out), ['NAME', 'CPU %', 'MEM USAGE / LIMIT']);
  const whole = await run(['stats', '--no-stream', '--no-trunc'], stats, { columns: 60 });
  assert.match(whole.out, /^a{64} /m);
});
