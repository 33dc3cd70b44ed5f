import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { json } from '../testing/recorded-daemon.ts';
import { plugin, run } from '../testing/run-command.ts';

describe('inspect', () => {
  const answers = { 'GET /plugins/a/b:1/json': json(plugin('a/b:1')) };

  test('prints the plugins that exist, then fails for the others', async () => {
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

  test('shows the references of a plugin in use, on an Outboard daemon', async () => {
    const Uses = [{ Kind: 'client', Holder: 'podman', Since: '2026-08-01T12:00:00.000Z' }];
    const path = 'GET /outboard/v1/plugins/a/b:1/uses';
    const used = await run(['inspect', 'a/b:1'], { ...answers, [path]: json({ Uses }) });
    assert.deepEqual(JSON.parse(used.out), [{ ...plugin('a/b:1'), Uses }]);
    const unused = await run(['inspect', 'a/b:1'], { ...answers, [path]: json({ Uses: [] }) });
    assert.deepEqual(JSON.parse(unused.out), [plugin('a/b:1')]);
    const failed = await run(['inspect', 'a/b:1'], { ...answers, [path]: json({ message: 'no' }, 500) });
    assert.equal(failed.err, 'Error response from daemon: no\n');
  });

  test('shows the document of Docker if an authorization plugin denies other routes', async () => {
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

  test('a template may use keys that the document lacks, on any daemon', async () => {
    const names = ['Uses', 'LastFailure', 'State', 'Digest', 'Options', 'Address', 'PluginReference'];
    const format = names.map((name) => `{{json .${name}}}`).join(' ');
    const { PluginReference: _, ...bare } = plugin('a/b:1');
    const { out } = await run(['inspect', '-f', format, 'a/b:1'], { 'GET /plugins/a/b:1/json': json(bare) });
    assert.equal(out, '[] null null null null null ""\n');
    const wrong = await run(['inspect', '-f', '{{.Nope}}', 'a/b:1'], answers);
    assert.match(wrong.err, /there is no field "Nope"/);
  });

  test('shows the effective options, on an Outboard daemon', async () => {
    const Options = { Limits: { Pids: 9 } };
    const path = 'GET /outboard/v1/plugins/a/b:1/options';
    const limited = await run(['inspect', 'a/b:1'], { ...answers, [path]: json({ Options, Overrides: {} }) });
    assert.deepEqual(JSON.parse(limited.out), [{ ...plugin('a/b:1'), Options }]);
    const template = ['inspect', '-f', '{{json .Options}}', 'a/b:1'];
    assert.equal((await run(template, { ...answers, [path]: json({ Options: {} }) })).out, '{}\n');
  });

  test('shows the state and the last failure, on an Outboard daemon', async () => {
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

  test('a name cannot lead to another route', async () => {
    const { daemon } = await run(['inspect', 'a?x=1#f %2e\n'], {});
    assert.deepEqual(daemon.lines(), ['GET /v1.51/plugins/a%3Fx%3D1%23f%20%252e%0A/json']);
  });
});
