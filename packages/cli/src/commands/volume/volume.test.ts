import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { empty, json } from '../../testing/recorded-daemon.ts';
import { run } from '../../testing/run-command.ts';

const volume = (name: string, more: object = {}) => ({
  CreatedAt: '2026-01-02T03:04:05Z',
  Driver: 'acme/p:latest',
  Labels: null,
  Mountpoint: `/host/${name}`,
  Name: name,
  Options: null,
  Scope: 'local',
  ...more,
});

const bodyOf = (outcome: Awaited<ReturnType<typeof run>>) =>
  JSON.parse(outcome.daemon.requests.at(-1)?.body.toString() ?? '');

describe('outboard volume create', () => {
  const answers = { 'POST /volumes/create': json(volume('data'), 201) };

  test('sends driver, options and labels, and prints the name', async () => {
    const flags = ['-d', 'acme/p', '-o', 'size=1g', '--opt', 'ro', '--label', 'team=a=b', '--label', 'x'];
    const outcome = await run(['volume', 'create', ...flags, 'data'], answers);
    assert.deepEqual([outcome.code, outcome.out], [0, 'data\n']);
    assert.deepEqual(bodyOf(outcome), {
      Name: 'data',
      Driver: 'acme/p',
      DriverOpts: { size: '1g', ro: '' },
      Labels: { team: 'a=b', x: '' },
    });
  });

  test('leaves name and driver to the daemon', async () => {
    assert.deepEqual(bodyOf(await run(['volume', 'create'], answers)), { DriverOpts: {}, Labels: {} });
  });

  test('refuses an option without a key before any request', async () => {
    const { code, err, daemon } = await run(['volume', 'create', '-o', '=1'], answers);
    assert.deepEqual(
      [code, err, daemon.lines()],
      [125, 'invalid option "=1": it must be KEY=VALUE, such as size=1g\n', []],
    );
  });
});

describe('outboard volume ls', () => {
  const warning = 'list acme/p:latest: volume old: its driver no longer lists it';
  const answers = {
    'GET /volumes': json({
      Volumes: [volume('v10', { Labels: { b: '2', a: '1' } }), volume('v9'), volume('\u202eevil')],
      Warnings: [warning],
    }),
  };

  test('prints the table of docker, sorted with numbers by value, and warnings on standard error', async () => {
    const { code, out, err } = await run(['volume', 'ls'], answers);
    assert.equal(code, 0);
    assert.deepEqual(out.split('\n'), [
      'DRIVER          VOLUME NAME',
      'acme/p:latest   \\u{202e}evil',
      'acme/p:latest   v9',
      'acme/p:latest   v10',
      '',
    ]);
    assert.equal(err, `WARNING: ${warning}\n`);
  });

  test('prints names, templates and JSON', async () => {
    assert.equal((await run(['volume', 'list', '-q'], answers)).out, '\\u{202e}evil\nv9\nv10\n');
    const { out } = await run(['volume', 'ls', '--format', '{{.Name}} {{.Labels}} {{.Mountpoint}}'], answers);
    assert.equal(out.split('\n')[2], 'v10 a=1,b=2 /host/v10');
    const lines = (await run(['volume', 'ls', '--format', 'json'], answers)).out.split('\n');
    assert.deepEqual(JSON.parse(lines[1] ?? ''), {
      Driver: 'acme/p:latest',
      Labels: '',
      Mountpoint: '/host/v9',
      Name: 'v9',
      Scope: 'local',
    });
  });

  test('sends filters in the form of docker', async () => {
    const { daemon } = await run(['volume', 'ls', '-f', 'dangling=true', '-f', 'label=a=b'], answers);
    const query = new URLSearchParams(daemon.requests[0]?.url.split('?')[1]);
    assert.equal(query.get('filters'), '{"dangling":{"true":true},"label":{"a=b":true}}');
  });

  test('shows a daemon without volumes, whose list is null', async () => {
    const none = { 'GET /volumes': json({ Volumes: null, Warnings: null }) };
    const { code, out, err } = await run(['volume', 'ls'], none);
    assert.deepEqual([code, out, err], [0, 'DRIVER    VOLUME NAME\n', '']);
  });
});

describe('outboard volume inspect', () => {
  const answers = { 'GET /volumes/data': json(volume('data')), 'GET /volumes/a%2Fb': json(volume('a/b')) };

  test('prints documents as JSON, and then fails for what is missing', async () => {
    const { code, out, err } = await run(['volume', 'inspect', 'data', 'gone', 'a/b'], answers);
    assert.equal(code, 1);
    assert.deepEqual(JSON.parse(out), [volume('data'), volume('a/b')]);
    assert.equal(err, 'Error response from daemon: page not found\n');
  });

  test('renders a template, with absent keys as nothing', async () => {
    const { out } = await run(
      ['volume', 'inspect', '-f', '{{.Mountpoint}} {{.Labels}} {{.Status}}', 'data'],
      answers,
    );
    assert.equal(out, '/host/data map[] map[]\n');
  });
});

describe('outboard volume mount and unmount', () => {
  const route = '/outboard/v1/volumes/a%2Fb';

  test('mount sends holder and driver, and prints only the path', async () => {
    const answers = { [`POST ${route}/mount`]: json({ Mountpoint: '/host/a b', Holder: 'web' }) };
    const outcome = await run(['volume', 'mount', '--holder', 'web', '-d', 'acme/p', 'a/b'], answers);
    assert.deepEqual([outcome.code, outcome.out, outcome.err], [0, '/host/a b\n', '']);
    assert.deepEqual(bodyOf(outcome), { Holder: 'web', Driver: 'acme/p' });
    assert.deepEqual(bodyOf(await run(['volume', 'mount', 'a/b'], answers)), {});
  });

  test('mount prints no path that a shell would read as another one', async () => {
    for (const Mountpoint of ['/host/a\n/etc', '', undefined]) {
      const { code, out } = await run(['volume', 'mount', 'a/b'], {
        [`POST ${route}/mount`]: json({ Mountpoint }),
      });
      assert.deepEqual([code, out], [1, '']);
    }
  });

  test('unmount prints nothing', async () => {
    const outcome = await run(['volume', 'umount', '--holder', 'web', 'a/b'], {
      [`POST ${route}/unmount`]: empty(204),
    });
    assert.deepEqual([outcome.code, outcome.out, outcome.err], [0, '', '']);
    assert.deepEqual(bodyOf(outcome), { Holder: 'web' });
  });

  for (const command of ['mount', 'unmount']) {
    test(`${command} says that a Docker Engine cannot`, async () => {
      const { code, err } = await run(['volume', command, 'data'], {});
      assert.deepEqual(
        [code, err],
        [1, 'this daemon cannot mount volumes by hand: only an Outboard daemon can\n'],
      );
    });
  }

  test('a volume that does not exist is reported as such', async () => {
    const missing = {
      'POST /outboard/v1/volumes/x/mount': json({ message: 'mount x: no such volume' }, 404),
    };
    const { code, err } = await run(['volume', 'mount', 'x'], missing);
    assert.deepEqual([code, err], [1, 'Error response from daemon: mount x: no such volume\n']);
  });
});

describe('outboard volume rm', () => {
  test('removes all that it can, and reports the rest', async () => {
    const { code, out, err, daemon } = await run(['volume', 'rm', '-f', 'a', 'b', 'c'], {
      'DELETE /volumes/a': empty(204),
      'DELETE /volumes/b': json({ message: 'remove b: volume is in use - [web]' }, 409),
      'DELETE /volumes/c': empty(204),
    });
    assert.deepEqual([code, out], [1, 'a\nc\n']);
    assert.equal(err, 'Error response from daemon: remove b: volume is in use - [web]\n');
    assert.match(daemon.lines()[0] ?? '', /\/volumes\/a\?force=1$/);
  });

  test('refuses an empty name', async () => {
    const { code, err } = await run(['volume', 'rm', ''], {});
    assert.deepEqual([code, err], [1, 'invalid volume name: value is empty\n']);
  });
});

describe('outboard volume prune', () => {
  const answers = { 'POST /volumes/prune': json({ VolumesDeleted: ['a', 'b'], SpaceReclaimed: 0 }) };

  test('prints what it removed', async () => {
    const flags = ['-a', '-f', '--filter', 'label=x', '--filter', 'label!=y=z'];
    const { code, out, daemon } = await run(['volume', 'prune', ...flags], answers);
    assert.deepEqual([code, out], [0, 'Deleted Volumes:\na\nb\n\nTotal reclaimed space: 0B\n']);
    const query = new URLSearchParams(daemon.requests[0]?.url.split('?')[1]);
    assert.equal(query.get('filters'), '{"label":{"x":true},"label!":{"y=z":true},"all":{"true":true}}');
  });

  test('asks first, and does nothing without a yes', async () => {
    const { code, out, daemon } = await run(['volume', 'prune'], answers, { typed: 'n\n' });
    assert.equal(code, 0);
    assert.match(out, /^This removes the volumes that were created without a name .* \[y\/N\] $/);
    assert.deepEqual(daemon.lines(), []);
    assert.match((await run(['volume', 'prune'], answers)).err, /not a terminal; use --force/);
    assert.match((await run(['volume', 'prune'], answers, { typed: 'y\n' })).out, /Deleted Volumes:\na\nb\n/);
  });

  test('prints the space alone when nothing was removed', async () => {
    const none = { 'POST /volumes/prune': json({ VolumesDeleted: null, SpaceReclaimed: 0 }) };
    assert.equal((await run(['volume', 'prune', '-f'], none)).out, 'Total reclaimed space: 0B\n');
  });

  test('refuses --all together with its filter', async () => {
    const { code, err } = await run(['volume', 'prune', '-a', '-f', '--filter', 'all=1'], answers);
    assert.deepEqual([code, err], [1, 'conflicting options: cannot specify both --all and --filter all=1\n']);
  });
});

test('a wrong flag of outboard volume ends with 125', async () => {
  for (const words of [
    ['ls', '--nope'],
    ['mount', '--holder'],
    ['ls', '--format', 'yaml'],
  ]) {
    assert.equal((await run(['volume', ...words], {})).code, 125, words.join(' '));
  }
});
