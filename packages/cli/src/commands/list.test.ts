import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { json } from '../testing/recorded-daemon.ts';
import { plugin, run } from '../testing/run-command.ts';

describe('ls', () => {
  const answers = { 'GET /plugins': json([plugin('b/two:1'), plugin('a/one:latest', { Enabled: true })]) };

  test('prints the table of docker plugin ls, sorted by name', async () => {
    const { code, out } = await run(['ls'], answers);
    assert.equal(code, 0);
    assert.equal(
      out,
      'ID             NAME           DESCRIPTION                                     ENABLED\n' +
        '121212121212   a/one:latest   first linesecond line, and more than there i…   true\n' +
        '777777777777   b/two:1        first linesecond line, and more than there i…   false\n',
    );
  });

  const running = (name: string, more: object = {}) => ({
    Id: '12'.repeat(32),
    Name: name,
    Enabled: true,
    PluginReference: `docker.io/${name}`,
    Description: 'volumes',
    Digest: `sha256:${'ab'.repeat(32)}`,
    Architecture: 'arm64',
    State: { Status: 'disabled' },
    ...more,
  });
  const own = {
    'GET /outboard/v1/plugins': json([
      running('b/off:1', { Enabled: false, Architecture: undefined }),
      running('a/runs:1', {
        State: {
          Status: 'unhealthy',
          Restarts: 3,
          Health: 'unhealthy',
          StartedAt: new Date(Date.now() - 3.5 * 86_400_000).toISOString(),
        },
        MemoryBytes: 12_345_678,
        Gateway: { Alias: 'runs', Socket: '/run/docker/plugins/runs.sock' },
      }),
    ]),
  };

  test('prints the state of plugins, on an Outboard daemon', async () => {
    const { code, out, daemon } = await run(['ls', '--filter', 'enabled=true'], own);
    assert.equal(code, 0);
    assert.equal(
      out,
      'ID             NAME       STATE       HEALTH      RESTARTS   UPTIME    MEMORY    ARCH      DIGEST\n' +
        '121212121212   a/runs:1   unhealthy   unhealthy   3          3 days    12.35MB   arm64     abababababab\n' +
        '121212121212   b/off:1    disabled    -           -          -         -         -         abababababab\n',
    );
    const query = new URLSearchParams(daemon.requests[0]?.url.split('?')[1]);
    assert.equal(query.get('filters'), '{"enabled":{"true":true}}');
  });

  test('shows the number of out-of-memory kills if there are any', async () => {
    const plugins = [running('a/hit:1', { OOMKills: 2 }), running('b/well:1', { OOMKills: 0 })];
    const { out } = await run(['ls'], { 'GET /outboard/v1/plugins': json(plugins) });
    const cells = out.split('\n').map((line) => line.split(/ {2,}/));
    assert.deepEqual(
      cells.slice(0, 3).map((row) => [row[1], row.at(-1)]),
      [
        ['NAME', 'OOM KILLS'],
        ['a/hit:1', '2'],
        ['b/well:1', '0'],
      ],
    );
  });

  test("prints the daemon's own fields as JSON and by templates, next to those of docker", async () => {
    const { out } = await run(['ls', '--no-trunc', '--format', 'json'], own);
    assert.deepEqual(JSON.parse(out.split('\n')[0] ?? ''), {
      Description: 'volumes',
      Enabled: true,
      ID: '12'.repeat(32),
      Name: 'a/runs:1',
      PluginReference: 'docker.io/a/runs:1',
      State: 'unhealthy',
      Health: 'unhealthy',
      Restarts: '3',
      Uptime: '3 days',
      Memory: '12.35MB',
      OOMKills: 0,
      Architecture: 'arm64',
      Digest: `sha256:${'ab'.repeat(32)}`,
      Alias: 'runs',
      Socket: '/run/docker/plugins/runs.sock',
    });
    const template = await run(['ls', '--format', '{{.Name}} {{.State}}'], own);
    assert.equal(template.out, 'a/runs:1 unhealthy\nb/off:1 disabled\n');
  });

  test('fails when an Outboard daemon fails to report the state', async () => {
    const { code, err } = await run(['ls'], {
      ...answers,
      'GET /outboard/v1/plugins': json({ message: 'invalid filter' }, 400),
    });
    assert.deepEqual([code, err], [1, 'Error response from daemon: invalid filter\n']);
  });

  test('prints complete IDs with --no-trunc, and only IDs with --quiet', async () => {
    const { out } = await run(['list', '--no-trunc', '-q'], answers);
    assert.equal(out, `${'12'.repeat(32)}\n${'7'.repeat(64)}\n`);
  });

  test('prints one JSON object per line, with the keys of docker', async () => {
    const { out } = await run(['ls', '--format', 'json'], answers);
    const [first] = out.split('\n');
    assert.deepEqual(JSON.parse(first ?? ''), {
      Description: 'first linesecond line, and more than there i…',
      Enabled: true,
      ID: '121212121212',
      Name: 'a/one:latest',
      PluginReference: 'docker.io/a/one:latest',
    });
  });

  test('sends filters in the form of docker', async () => {
    const { daemon } = await run(
      ['ls', '-f', 'enabled=true', '--filter', 'capability=volumedriver'],
      answers,
    );
    const query = new URLSearchParams(daemon.requests[1]?.url.split('?')[1]);
    assert.equal(query.get('filters'), '{"enabled":{"true":true},"capability":{"volumedriver":true}}');
  });

  test('D15 escapes the description of a plugin', async () => {
    const evil = plugin('a/b:1', { Config: { Description: '\u001b[2J\u202e' } });
    const { out } = await run(['ls'], { 'GET /plugins': json([evil]) });
    assert.match(out, /\\x1b\[2J\\u\{202e\}/);
    assert.doesNotMatch(out, /\p{Cf}|(?!\n)\p{Cc}/u);
  });

  test('uses the version of an older daemon', async () => {
    const { daemon } = await run(['ls'], answers, { apiVersion: '1.41' });
    assert.deepEqual(daemon.lines(), ['GET /v1.41/outboard/v1/plugins', 'GET /v1.41/plugins']);
  });

  test('uses DOCKER_API_VERSION without negotiation', async () => {
    const env = { DOCKER_API_VERSION: '1.30' };
    const { daemon } = await run(['ls', '-q'], answers, { apiVersion: null, env });
    assert.deepEqual(daemon.lines(), ['GET /v1.30/plugins']);
  });

  test('refuses a daemon that is too old', async () => {
    const { code, err } = await run(['ls'], answers, { apiVersion: null });
    assert.equal(code, 1);
    assert.match(err, /plugins need API version 1\.25/);
  });
});

describe('--format', () => {
  const status = {
    Id: 'a'.repeat(64),
    Name: 'acme/p:v1',
    Enabled: true,
    PluginReference: '',
    Description: '',
    Digest: 'sha256:bb',
    State: { Status: 'running', Restarts: 0 },
  };
  const answers = { 'GET /outboard/v1/plugins': json([status, { ...status, Name: 'q:latest' }]) };
  const docker = { 'GET /plugins': json([plugin('a/b:1')]) };

  test('table and a template make a table with headers, as Docker does', async () => {
    const { out } = await run(
      ['ls', '--format', 'table {{.Name}}\\t{{.State}}\\t{{upper .Health}}'],
      answers,
    );
    assert.deepEqual(out.split('\n'), [
      'NAME        STATE     HEALTH',
      'acme/p:v1   running   ',
      'q:latest    running   ',
      '',
    ]);
    const one = await run(['ls', '--format', 'table {{truncate .ID 4}} {{.Enabled}}'], docker);
    assert.deepEqual(one.out.split('\n'), ['ID ENABLED', '5555 false', '']);
  });

  test('functions, conditions and whole rows as JSON work', async () => {
    const { out } = await run(
      ['ls', '--format', '{{if .Enabled}}{{upper .Name}}{{end}} {{json .Digest}}'],
      answers,
    );
    assert.deepEqual(out.split('\n').slice(0, 1), ['ACME/P:V1 "bb"']);
    const whole = await run(['ls', '--format', '{{json .}}'], docker);
    assert.equal(JSON.parse(whole.out).Name, 'a/b:1');
  });

  test('an invalid format is refused before any request', async () => {
    for (const [command, format, reason] of [
      ['ls', 'raw', /invalid format "raw": it must be table, json, a template/],
      ['ls', '{{nope .Name}}', /there is no function "nope"/],
      ['stats', 'table .Name', /invalid format/],
      ['gc', '{{.x', /lacks its \}\}/],
      ['version', '{{end}}', /unexpected/],
      ['doctor', 'yaml', /invalid format/],
      ['inspect', 'yaml', /invalid format/],
    ] as const) {
      const { code, err, daemon } = await run(
        [command, '--format', format, ...(command === 'inspect' ? ['p'] : [])],
        answers,
      );
      assert.notEqual(code, 0);
      assert.match(err, reason);
      assert.deepEqual(daemon.lines(), []);
    }
  });

  test('every command with --format accepts a template and a table with a template', async () => {
    const server = json({ Version: '9.9', ApiVersion: '1.51' });
    const checks = json({ Checks: [{ Name: 'kernel', Status: 'ok', Message: '6.1', Remedy: '' }] });
    const garbage = json({ BlobsRemoved: 3, BytesReclaimed: 5 });
    const wanted = json([{ Name: 'network', Description: 'x', Value: ['host'] }]);
    for (const [argv, path, answer, expected] of [
      [['version', '--format', '{{.Server.Version}}'], 'GET /version', server, '9.9\n'],
      [
        ['doctor', '--format', '{{.Name}}={{.Status}}'],
        'GET /outboard/v1/doctor',
        checks,
        'daemon=ok\nkernel=ok\n',
      ],
      [
        ['doctor', '--format', 'table {{.Name}}\\t{{.Status}}'],
        'GET /outboard/v1/doctor',
        checks,
        'CHECK     STATUS\ndaemon    ok\nkernel    ok\n',
      ],
      [['gc', '--format', '{{.BlobsRemoved}}'], 'POST /outboard/v1/gc', garbage, '3\n'],
      [
        ['privileges', '--format', '{{.Name}}: {{join .Value ","}}', 'p'],
        'GET /plugins/privileges',
        wanted,
        'network: host\n',
      ],
    ] as const) {
      assert.equal((await run(argv, { [path]: answer })).out, expected, argv.join(' '));
    }
  });
});
