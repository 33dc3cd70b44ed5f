import assert from 'node:assert/strict';
import { test } from 'node:test';
import { empty, json, progress } from '../testing/recorded-daemon.ts';
import { run } from '../testing/run-command.ts';

const changed = json({ Warnings: [] });
const figures = json({ Plugins: [] });

test('outboard update changes the options of each plugin', async () => {
  const answers = {
    'POST /outboard/v1/plugins/p/options': changed,
    'POST /outboard/v1/plugins/q/options': json({ Warnings: ['"Log" takes effect \u001b[2J later'] }),
  };
  const { code, out, err, daemon } = await run(['update', '--memory', '64m', 'p', 'q'], answers);
  assert.deepEqual([code, out, err], [0, 'p\nq\n', '"Log" takes effect \\x1b[2J later\n']);
  for (const { body } of daemon.requests) {
    assert.deepEqual(JSON.parse(body.toString()), { Limits: { MemoryBytes: 67_108_864 } });
  }
});

for (const command of ['install', 'create', 'update']) {
  test(`outboard ${command} accepts all option flags; in enable one of them is for a single start`, async () => {
    const { out } = await run([command, '--help'], {});
    const ofEnable = (await run(['enable', '--help'], {})).out;
    const flags = (help: string) =>
      new Set([...help.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, flag]) => flag));
    const missing = [...flags(ofEnable)].filter((flag) => flag !== '--timeout' && !flags(out).has(flag));
    assert.deepEqual(missing, []);
    assert.equal(flags(out).has('--no-create-mounts'), true, out);
  });
}

test('outboard update without flags changes nothing', async () => {
  const { code, err, daemon } = await run(['update', 'p'], {});
  assert.deepEqual([code, err], [1, 'you must provide one or more flags when using this command\n']);
  assert.deepEqual(daemon.lines(), []);
});

test('outboard install sets the limits of a plugin before it enables it', async () => {
  const answers = {
    'GET /outboard/v1/stats': figures,
    'GET /plugins/privileges': json([]),
    'POST /plugins/pull': progress([], { 'Docker-Plugin-Name': 'p:latest' }),
    'POST /outboard/v1/plugins/p:latest/options': changed,
    'POST /plugins/p:latest/enable': empty(),
  };
  const { code, err, daemon } = await run(
    ['install', '--grant-all-permissions', '--pids-limit', '9', '--create-mounts', 'p'],
    answers,
  );
  assert.equal(code, 0, err);
  const body = JSON.parse(String(daemon.requests[3]?.body));
  assert.deepEqual(body, { Limits: { Pids: 9 }, CreateMounts: true });
  assert.deepEqual(
    daemon.lines().map((line) => line.replace(/\?.*|\/v1\.51/g, '')),
    [
      'GET /outboard/v1/stats',
      'GET /plugins/privileges',
      'POST /plugins/pull',
      'POST /outboard/v1/plugins/p:latest/options',
      'POST /plugins/p:latest/enable',
    ],
  );
});

test('outboard install and enable change nothing if a Docker Engine does not support the flags', async () => {
  for (const argv of [
    ['install', '--grant-all-permissions', '--memory', '64m', 'p'],
    ['enable', '--memory', '64m', 'p'],
  ]) {
    const { code, err, daemon } = await run(argv, {});
    assert.deepEqual([code, err], [1, 'this daemon cannot change the runtime options of plugins\n']);
    assert.equal(daemon.requests.length, 1);
  }
});

test('outboard enable without flags sends no other request', async () => {
  const { code, daemon } = await run(['enable', 'p'], { 'POST /plugins/p/enable': empty() });
  assert.equal(code, 0);
  assert.equal(daemon.requests.length, 1);
});
