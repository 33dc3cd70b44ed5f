import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { empty, json } from '../testing/recorded-daemon.ts';
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
      }),
    ]),
  };

  test('prints what plugins do, on a daemon that tells', async () => {
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

  test('tells how many processes were killed for want of memory, where any was', async () => {
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
    });
    const template = await run(['ls', '--format', '{{.Name}} {{.State}}'], own);
    assert.equal(template.out, 'a/runs:1 unhealthy\nb/off:1 disabled\n');
  });

  test('fails when a daemon that tells what plugins do fails to', async () => {
    const { code, err } = await run(['ls'], {
      ...answers,
      'GET /outboard/v1/plugins': json({ message: 'invalid filter' }, 400),
    });
    assert.deepEqual([code, err], [1, 'Error response from daemon: invalid filter\n']);
  });

  test('prints whole IDs with --no-trunc, and nothing else with --quiet', async () => {
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

  test('D15 escapes what a plugin says about itself', async () => {
    const evil = plugin('a/b:1', { Config: { Description: '\u001b[2J\u202e' } });
    const { out } = await run(['ls'], { 'GET /plugins': json([evil]) });
    assert.match(out, /\\x1b\[2J\\u\{202e\}/);
    assert.doesNotMatch(out, /\p{Cf}|(?!\n)\p{Cc}/u);
  });

  test('speaks the version of an older daemon', async () => {
    const { daemon } = await run(['ls'], answers, { apiVersion: '1.41' });
    assert.deepEqual(daemon.lines(), ['GET /v1.41/outboard/v1/plugins', 'GET /v1.41/plugins']);
  });

  test('speaks DOCKER_API_VERSION without asking', async () => {
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
      ['gc', '{{.x', /lacks its \{\{ or \}\}/],
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

  test('every command that has it takes a template and a table of one', async () => {
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

describe('inspect', () => {
  const answers = { 'GET /plugins/a/b:1/json': json(plugin('a/b:1')) };

  test('prints what is there, then fails for what is not', async () => {
    const { code, out, err } = await run(['inspect', 'x', 'a/b:1', 'y'], answers);
    assert.equal(code, 1);
    assert.deepEqual(JSON.parse(out), [plugin('a/b:1')]);
    assert.match(out, /^\[\n {4}\{\n {8}"Id"/);
    assert.equal(err, 'Error response from daemon: page not found\n'.repeat(2));
  });

  test('fills in a template', async () => {
    const { out } = await run(['inspect', '-f', '{{.Enabled}} {{json .Settings.Env}}', 'a/b:1'], answers);
    assert.equal(out, 'false ["DEBUG=0"]\n');
  });

  test('shows who uses a plugin, on a daemon that tells, when anyone does', async () => {
    const Uses = [{ Kind: 'client', Holder: 'podman', Since: '2026-08-01T12:00:00.000Z' }];
    const path = 'GET /outboard/v1/plugins/a/b:1/uses';
    const used = await run(['inspect', 'a/b:1'], { ...answers, [path]: json({ Uses }) });
    assert.deepEqual(JSON.parse(used.out), [{ ...plugin('a/b:1'), Uses }]);
    const unused = await run(['inspect', 'a/b:1'], { ...answers, [path]: json({ Uses: [] }) });
    assert.deepEqual(JSON.parse(unused.out), [plugin('a/b:1')]);
    const failed = await run(['inspect', 'a/b:1'], { ...answers, [path]: json({ message: 'no' }, 500) });
    assert.equal(failed.err, 'Error response from daemon: no\n');
  });

  test('shows what Docker tells where an authorization plugin knows only Docker routes', async () => {
    const denied = json({ message: 'authorization denied by plugin authz:latest: unknown route' }, 403);
    const own = (action: string) => `GET /outboard/v1/plugins/a/b:1/${action}`;
    const inspected = await run(['inspect', 'a/b:1'], {
      ...answers,
      [own('json')]: denied,
      [own('uses')]: denied,
      [own('options')]: denied,
    });
    assert.deepEqual([inspected.code, JSON.parse(inspected.out), inspected.err], [0, [plugin('a/b:1')], '']);
    const listed = await run(['ls'], {
      'GET /outboard/v1/plugins': denied,
      'GET /plugins': json([plugin('a/b:1')]),
    });
    assert.deepEqual([listed.code, listed.err], [0, '']);
    assert.match(listed.out, /^ID +NAME +DESCRIPTION +ENABLED\n5{12} +a\/b:1 /);
    const neither = await run(['ls'], { 'GET /outboard/v1/plugins': denied, 'GET /plugins': denied });
    assert.deepEqual(
      [neither.code, neither.err],
      [1, 'Error response from daemon: authorization denied by plugin authz:latest: unknown route\n'],
    );
  });

  test('a template may name what there is none of, on any daemon', async () => {
    const names = ['Uses', 'LastFailure', 'State', 'Digest', 'Options', 'Address', 'PluginReference'];
    const format = names.map((name) => `{{json .${name}}}`).join(' ');
    const { PluginReference: _, ...bare } = plugin('a/b:1');
    const { out } = await run(['inspect', '-f', format, 'a/b:1'], { 'GET /plugins/a/b:1/json': json(bare) });
    assert.equal(out, '[] null null null null null ""\n');
    const wrong = await run(['inspect', '-f', '{{.Nope}}', 'a/b:1'], answers);
    assert.match(wrong.err, /there is no field "Nope"/);
  });

  test('shows the options that are in force, on a daemon that tells', async () => {
    const Options = { Limits: { Pids: 9 } };
    const path = 'GET /outboard/v1/plugins/a/b:1/options';
    const limited = await run(['inspect', 'a/b:1'], { ...answers, [path]: json({ Options, Overrides: {} }) });
    assert.deepEqual(JSON.parse(limited.out), [{ ...plugin('a/b:1'), Options }]);
    const template = ['inspect', '-f', '{{json .Options}}', 'a/b:1'];
    assert.equal((await run(template, { ...answers, [path]: json({ Options: {} }) })).out, '{}\n');
  });

  test('shows what a plugin does and why it last failed, on a daemon that tells', async () => {
    const State = { Status: 'backing-off', Restarts: 2, Reason: 'the plugin exited with code 1' };
    const LastFailure = { At: '2026-08-01T12:00:00.000Z', Reason: 'x', ExitCode: 1, Log: ['\u001b[2J'] };
    const status = { Id: 'ignored', Digest: 'sha256:aa', State, LastFailure };
    const path = 'GET /outboard/v1/plugins/a/b:1/json';
    const { out } = await run(['inspect', 'a/b:1'], { ...answers, [path]: json(status) });
    assert.deepEqual(JSON.parse(out), [{ ...plugin('a/b:1'), Digest: 'sha256:aa', State, LastFailure }]);
    assert.equal(out.includes('\u001b'), false);
    const short = await run(['inspect', '-f', '{{.State.Reason}}', 'a/b:1'], {
      ...answers,
      [path]: json(status),
    });
    assert.equal(short.out, 'the plugin exited with code 1\n');
  });

  test('a name cannot leave its place in the path', async () => {
    const { daemon } = await run(['inspect', 'a?x=1#f %2e\n'], {});
    assert.deepEqual(daemon.lines(), ['GET /v1.51/plugins/a%3Fx%3D1%23f%20%252e%0A/json']);
  });
});

describe('restart', () => {
  const path = (name: string) => `POST /outboard/v1/plugins/${name}/restart`;

  test('restarts one after another, goes on after a failure, and fails in the end', async () => {
    const refusal = json({ message: 'plugin b:latest is disabled: enable it to start it' }, 409);
    const { code, out, err, daemon } = await run(['restart', '-f', 'a', 'b', 'c'], {
      [path('a')]: empty(204),
      [path('b')]: refusal,
      [path('c')]: empty(204),
    });
    assert.deepEqual([code, out], [1, 'a\nc\n']);
    assert.equal(err, 'Error response from daemon: plugin b:latest is disabled: enable it to start it\n');
    assert.match(daemon.lines()[0] ?? '', /restart\?force=1$/);
  });

  test('says what to do on a Docker Engine', async () => {
    const { code, err } = await run(['restart', 'a'], {});
    assert.equal(code, 1);
    assert.match(err, /this daemon cannot restart plugins: disable the plugin and enable it\n$/);
  });
});
