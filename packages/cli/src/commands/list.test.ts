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
    const query = new URLSearchParams(daemon.requests[0]?.url.split('?')[1]);
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
    assert.deepEqual(daemon.lines(), ['GET /v1.41/plugins']);
  });

  test('speaks DOCKER_API_VERSION without asking', async () => {
    const { daemon } = await run(['ls'], answers, { apiVersion: null, env: { DOCKER_API_VERSION: '1.30' } });
    assert.deepEqual(daemon.lines(), ['GET /v1.30/plugins']);
  });

  test('refuses a daemon that is too old', async () => {
    const { code, err } = await run(['ls'], answers, { apiVersion: null });
    assert.equal(code, 1);
    assert.match(err, /plugins need API version 1\.25/);
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

  test('a name cannot leave its place in the path', async () => {
    const { daemon } = await run(['inspect', 'a?x=1#f %2e\n'], {});
    assert.deepEqual(daemon.lines(), ['GET /v1.51/plugins/a%3Fx%3D1%23f%20%252e%0A/json']);
  });
});
