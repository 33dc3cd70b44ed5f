import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Answer, empty, json, progress } from './testing/recorded-daemon.ts';
import { plugin, run } from './testing/run-command.ts';

describe('the small commands', () => {
  test('enable sends 30 seconds by default, and prints the name', async () => {
    const answers = { 'POST /plugins/p/enable': empty() };
    const first = await run(['enable', 'p'], answers);
    assert.deepEqual([first.out, first.daemon.lines()], ['p\n', ['POST /v1.51/plugins/p/enable?timeout=30']]);
    const second = await run(['enable', '--timeout', '0', 'p'], answers);
    assert.deepEqual(second.daemon.lines(), ['POST /v1.51/plugins/p/enable?timeout=0']);
    assert.equal(
      (await run(['enable', '--timeout', '-1', 'p'], answers)).err,
      'negative timeout -1 is invalid\n',
    );
    assert.equal((await run(['enable', '--timeout', 'x', 'p'], answers)).code, 125);
  });

  test('disable and rm send force only with --force', async () => {
    const answers = { 'POST /plugins/p/disable': empty(), 'DELETE /plugins/p': empty() };
    for (const [argv, line] of [
      [['disable', 'p'], 'POST /v1.51/plugins/p/disable'],
      [['disable', '-f', 'p'], 'POST /v1.51/plugins/p/disable?force=1'],
      [['rm', 'p'], 'DELETE /v1.51/plugins/p'],
      [['remove', '--force', 'p'], 'DELETE /v1.51/plugins/p?force=1'],
    ] as const) {
      const { out, daemon } = await run(argv, answers);
      assert.deepEqual([out, daemon.lines()], ['p\n', [line]]);
    }
  });

  test('rm continues after a failure, and fails at the end', async () => {
    const { code, out, err } = await run(['rm', 'x', 'p'], { 'DELETE /plugins/p': empty() });
    assert.deepEqual([code, out, err], [1, 'p\n', 'Error response from daemon: page not found\n']);
  });

  test('a refusal because a plugin is enabled ends with the command to type', async () => {
    const active = json({ message: 'cannot set on an active plugin, disable plugin before setting' }, 409);
    const set = await run(['set', 'p', 'A=1'], { 'POST /plugins/p/set': active });
    assert.deepEqual(
      [set.code, set.err],
      [
        1,
        'Error response from daemon: cannot set on an active plugin, disable plugin before setting: outboard disable p\n',
      ],
    );
    const enabled = json({ message: 'plugin acme/p:v1 is enabled' }, 409);
    const removed = await run(['rm', 'p'], { 'DELETE /plugins/p': enabled });
    assert.deepEqual(
      [removed.code, removed.err],
      [
        1,
        'Error response from daemon: plugin acme/p:v1 is enabled: outboard disable p, or outboard rm --force p\n',
      ],
    );
    const inUse = json({ message: 'plugin acme/p:v1 is in use' }, 409);
    const refused = await run(['rm', 'p'], { 'DELETE /plugins/p': inUse });
    assert.equal(refused.err, 'Error response from daemon: plugin acme/p:v1 is in use\n');
  });

  test('set prints nothing', async () => {
    const { code, out } = await run(['set', 'p', 'A=1'], { 'POST /plugins/p/set': empty(204) });
    assert.deepEqual([code, out], [0, '']);
  });

  test('push adds the tag and shows the digest', async () => {
    const { out, daemon } = await run(['push', 'reg:5000/p'], {
      'POST /plugins/reg:5000/p:latest/push': progress([
        { status: 'The push refers to repository [reg:5000/p]' },
        { status: 'Upload complete', progressDetail: {}, id: 'efd4653a6317' },
        { progressDetail: {}, aux: { Tag: 'latest', Digest: 'sha256:aa', Size: 419 } },
      ]),
    });
    assert.deepEqual(daemon.lines(), ['POST /v1.51/plugins/reg:5000/p:latest/push']);
    assert.match(
      out,
      /^The push refers .*\nefd4653a6317: Upload complete\nlatest: digest: sha256:aa size: 419\n$/,
    );
  });

  test('gc prints the removed content, and refuses a Docker Engine', async () => {
    const answer = json({ BlobsRemoved: 3, BytesReclaimed: 400_122_280 });
    const done = await run(['gc'], { 'POST /outboard/v1/gc': answer });
    assert.equal(done.out, 'Removed 3 blobs, reclaimed 400.1MB\n');
    const versions = { Versions: 1, Bytes: 2_000_000 };
    const all = await run(['gc', '--all'], {
      'POST /outboard/v1/gc': json({ BlobsRemoved: 3, BytesReclaimed: 0, VersionsRemoved: versions }),
    });
    assert.equal(all.daemon.lines()[0], 'POST /v1.51/outboard/v1/gc?all=1');
    assert.match(all.out, /^Removed 1 earlier version of plugins, reclaimed 2MB\nRemoved 3 blobs/);
    const refused = await run(['gc'], {});
    assert.deepEqual([refused.code, refused.err], [1, 'this daemon has no garbage collection endpoint\n']);
  });

  test('version shows both sides, and the client alone before it fails', async () => {
    const server = {
      Platform: { Name: 'Outboard' },
      Version: '9.9',
      ApiVersion: '1.51',
      MinAPIVersion: '1.25',
    };
    const both = await run(['version'], { 'GET /version': json(server) });
    assert.match(
      both.out,
      /^Client\n Version: +\d.*\nServer: Outboard\n Version: +9\.9\n API version: +1\.51 \(minimum 1\.25\)\n/s,
    );
    const alone = await run(['version', '--host', 'unix:///nonexistent/s', '--format', 'json'], {});
    assert.equal(alone.code, 1);
    assert.equal(JSON.parse(alone.out).Server, null);
    assert.match(alone.err, /^cannot connect to the daemon at unix:\/\/\/nonexistent\/s: is it running\?/);
  });
});

describe('exit codes and errors', () => {
  for (const [argv, code, reason] of [
    [['bogus'], 125, /unknown command 'bogus'/],
    [['isntall', 'p'], 125, /unknown command 'isntall'\n\(Did you mean install\?\)\n\nUsage: outboard /],
    [
      ['volume', 'crate'],
      125,
      /unknown command 'crate'\n\(Did you mean create\?\)\n\nUsage: outboard volume /,
    ],
    [['help', 'lss'], 125, /unknown command 'lss'\n\(Did you mean ls\?\)/],
    [['ls', '--bogus'], 125, /unknown option '--bogus'\n\nUsage: outboard ls/],
    [['ls', '--formt', 'json'], 125, /unknown option '--formt'\n\(Did you mean --format\?\)/],
    [['ls', '-v'], 125, /unknown option '-v'/],
    [['rm'], 125, /missing required argument 'PLUGIN'\n\nUsage: outboard rm/],
    [['set', 'p'], 125, /missing required argument/],
    [['ls', 'x'], 125, /too many arguments for 'ls'/],
    [['ls', '--host', 'ftp://h'], 1, /invalid host "ftp:\/\/h"/],
    [['gc', '--format', 'xml'], 125, /invalid format "xml": it must be table, json/],
    [['install', 'BAD'], 1, /must be lowercase/],
    [['inspect', ''], 1, /value is empty/],
    [['--host', 'x', 'daemon'], 125, /must be the first argument/],
  ] as const) {
    test(`'${argv.join(' ')}' ends with ${code}`, async () => {
      const outcome = await run(argv, {});
      assert.equal(outcome.code, code);
      assert.match(outcome.err, reason);
      assert.deepEqual(outcome.daemon.lines(), []);
    });
  }

  test('help goes to standard output, exit code 0', async () => {
    for (const [words, usage] of [
      ['', '[OPTIONS] COMMAND'],
      ['--help', '[OPTIONS] COMMAND'],
      ['help', '[OPTIONS] COMMAND'],
      ['install --help', 'install [options] <PLUGIN> [KEY=VALUE...]'],
      ['help install', 'install [options] <PLUGIN> [KEY=VALUE...]'],
      ['help volume create', 'volume create [options] [VOLUME]'],
      ['volume', 'volume [options] [command]'],
      ['plugin', 'plugin COMMAND'],
      ['help plugin rm', 'rm|remove [options] <PLUGIN...>'],
      ['help help', 'help [options] [COMMAND...]'],
    ] as const) {
      const { code, out, err, daemon } = await run(words === '' ? [] : words.split(' '), {});
      assert.deepEqual([code, err, daemon.lines()], [0, '', []]);
      assert.equal(out.split('\n')[0], `Usage: outboard ${usage}`);
    }
  });

  test('--version and -v print the version, without a daemon', async () => {
    for (const argv of [['--version'], ['-v'], ['--host', 'unix:///nonexistent/s', '-v']]) {
      const { code, out, daemon } = await run(argv, {});
      assert.deepEqual([code, daemon.lines()], [0, []]);
      assert.match(out, /^outboard version \d+\.\d+\.\d+\S*\n$/);
    }
  });

  test("plugin before a command is Docker's form of it", async () => {
    const answers = { 'DELETE /plugins/p': empty(), 'GET /plugins': json([]) };
    const removed = await run(['plugin', 'rm', '-f', 'p'], answers);
    assert.deepEqual([removed.out, removed.daemon.lines()], ['p\n', ['DELETE /v1.51/plugins/p?force=1']]);
    assert.equal((await run(['plugin', 'ls', '-q'], answers)).code, 0);
    assert.match((await run(['plugin', 'lss'], answers)).err, /unknown command 'lss'\n\(Did you mean ls\?\)/);
  });

  test('every command has a description and takes --help', async () => {
    const { out } = await run(['--help'], {});
    const names = [...out.matchAll(/^ {2}([a-z]+)[ |]/gm)].map(([, name]) => name);
    for (const name of 'create push install ls inspect set enable disable upgrade rm privileges gc version daemon help plugin'.split(
      ' ',
    )) {
      assert.ok(names.includes(name), name);
    }
  });

  for (const [name, answer, expected] of [
    ['JSON', json({ message: 'no\u001bway' }, 500), 'Error response from daemon: no\\x1bway\n'],
    [
      'plain text',
      ((response) => response.writeHead(400).end('too old')) as Answer,
      'Error response from daemon: too old\n',
    ],
    ['nothing', empty(500), 'Error response from daemon: status 500 without a reason\n'],
    ['a redirect', empty(301), 'the daemon answered with the unexpected status 301\n'],
    ['something else', json('x'), 'the daemon answered with something that is not a list of plugins\n'],
    [
      'half an answer',
      ((response) =>
        response.writeHead(200, { 'Content-Length': 9 }).write('[', () => response.destroy())) as Answer,
      /closed the connection/,
    ],
  ] as const) {
    test(`reports a daemon that answers with ${name}`, async () => {
      const { code, err } = await run(['ls'], { 'GET /plugins': answer });
      assert.equal(code, 1);
      if (typeof expected === 'string') assert.equal(err, expected);
      else assert.match(err, expected);
    });
  }
});

describe('messages with the next step', () => {
  test('a plugin that does not exist', async () => {
    const missing = json({ message: 'plugin "nope" not found' }, 404);
    const { err } = await run(['enable', 'nope'], {
      'GET /plugins/nope/json': missing,
      'POST /plugins/nope/enable': missing,
    });
    assert.equal(err, 'Error response from daemon: plugin "nope" not found: see outboard ls\n');
  });

  test('a setting that does not exist, or cannot be set', async () => {
    const config = {
      Env: [
        { Name: 'DEBUG', Settable: ['value'] },
        { Name: 'FIXED', Settable: null },
      ],
      Mounts: [{ Name: 'state', Settable: ['source'] }],
      Linux: { Devices: [{ Name: 'disk', Settable: ['path'] }] },
      Args: { Name: 'args', Settable: ['value'] },
    };
    for (const message of ['setting "X" not found in the plugin configuration', '"FIXED" is not settable']) {
      const { err } = await run(['set', 'p', 'X=1'], {
        'POST /plugins/p/set': json({ message }, 400),
        'GET /plugins/p/json': json(plugin('p', { Config: config })),
      });
      assert.equal(
        err,
        `Error response from daemon: ${message}: its settings are DEBUG, state.source, disk.path, args\n`,
      );
    }
    const none = await run(['set', 'p', 'X=1'], {
      'POST /plugins/p/set': json({ message: 'setting "X" not found in the plugin configuration' }, 400),
      'GET /plugins/p/json': json(plugin('p', { Config: {} })),
    });
    assert.match(none.err, /: this plugin has no settings\n$/);
  });
});
