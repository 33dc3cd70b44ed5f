/**
 * `docker events` against the daemon: events of plugins and volumes, live and from the past.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { createDockerCli, type DockerCli } from '../support/docker-cli.ts';
import { writePluginContext } from '../support/plugin-fixture.ts';

const plugin = 'acme/vol:latest';

/** A line of `docker events` without its time and with the plugin's ID replaced by a name. */
function withoutTime(line: string): string {
  return line.replace(/^\S+ /, '').replace(/[0-9a-f]{64}/, 'ID');
}

/** Events of the session below, as Docker shows them. */
const story = [
  `plugin create ID (name=${plugin})`,
  `plugin enable ID (name=${plugin})`,
  `volume create data (driver=${plugin})`,
  `volume destroy data (driver=${plugin})`,
  `plugin disable ID (name=${plugin})`,
  `plugin remove ID (name=${plugin})`,
];

describe('docker events', () => {
  let daemon: TestDaemon;
  let docker: DockerCli;
  let removeHome: () => Promise<void>;
  /** As received by a client that was connected throughout. */
  const followed: string[] = [];

  before(async () => {
    const made = await makeDaemonHome();
    removeHome = made.remove;
    daemon = await startDaemon({ home: made.home });
    docker = await createDockerCli(daemon.socket);
    const { directory } = await writePluginContext(join(made.home, 'context'));
    await docker.succeed('plugin', 'create', 'acme/first', directory);
    // Includes past events: the first line proves that the client is connected.
    const client = spawn('docker', ['-H', `unix://${daemon.socket}`, 'events', '--since', '10m'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(client, 'close');
    const lines = createInterface(client.stdout)[Symbol.asyncIterator]();
    await lines.next();
    await docker.succeed('plugin', 'create', 'acme/vol', directory);
    await docker.succeed('plugin', 'enable', 'acme/vol');
    await docker.succeed('volume', 'create', '--driver', 'acme/vol', 'data');
    await docker.succeed('volume', 'rm', 'data');
    await docker.succeed('plugin', 'disable', 'acme/vol');
    await docker.succeed('plugin', 'rm', 'acme/vol');
    while (followed.length < story.length) followed.push((await lines.next()).value);
    client.kill('SIGTERM');
    await ended;
  });

  after(async () => {
    await docker.remove();
    assert.equal(await daemon.end('SIGTERM'), 0, daemon.log());
    await removeHome();
  });

  const past = async (...args: readonly string[]) => {
    // The CLI rounds a duration such as 0s to whole seconds, which end before the latest event.
    const now = new Date().toISOString();
    const output = await docker.succeed('events', '--since', '10m', '--until', now, ...args);
    return output.trim().split('\n').filter(Boolean);
  };

  test('shows events live', () => {
    assert.deepEqual(followed.map(withoutTime), story);
    const times = followed.map((line) => line.split(' ', 1)[0] ?? '');
    assert.deepEqual(times, [...times].sort(), 'events out of order');
  });

  test('shows past events between two times, and ends', async () => {
    const lines = await past();
    assert.deepEqual(lines.slice(1), followed);
    assert.equal(withoutTime(lines[0] ?? ''), 'plugin create ID (name=acme/first:latest)');
    const [time = ''] = (followed[2] ?? '').split(' ', 1);
    assert.deepEqual((await docker.succeed('events', '--since', time, '--until', time)).trim().split('\n'), [
      followed[2],
    ]);
  });

  const filters: readonly [args: readonly string[], expected: readonly string[]][] = [
    [['type=volume'], story.slice(2, 4)],
    [['type=volume', 'event=destroy'], story.slice(3, 4)],
    [
      ['event=enable', 'event=disable'],
      [story[1] ?? '', story[4] ?? ''],
    ],
    [['volume=data'], story.slice(2, 4)],
    [['plugin=acme/vol', 'event=create'], story.slice(0, 1)],
    [[`label=driver=${plugin}`], story.slice(2, 4)],
    [[`label=name=${plugin}`, 'label=driver'], []],
    [['scope=swarm'], []],
    [['container=x'], []],
    [['image=x'], []],
  ];
  for (const [args, expected] of filters) {
    test(`--filter ${args.join(' --filter ')} shows ${expected.length} events`, async () => {
      const lines = await past(...args.flatMap((filter) => ['--filter', filter]));
      assert.deepEqual(lines.map(withoutTime), expected);
    });
  }

  test('--format json shows whole events', async () => {
    const [line = ''] = await past('--filter', 'volume=data', '--filter', 'event=create', '--format', 'json');
    const { time, timeNano: _, ...event } = JSON.parse(line);
    assert.deepEqual(event, {
      Type: 'volume',
      Action: 'create',
      Actor: { ID: 'data', Attributes: { driver: plugin } },
      scope: 'local',
    });
    assert.ok(Math.abs(time - Date.now() / 1000) < 600, `time ${time}`);
  });

  test('a time range that ends before it begins is refused', async () => {
    assert.equal(
      await docker.fail('events', '--since', '20', '--until', '10'),
      'Error response from daemon: `since` time (20) cannot be after `until` time (10)',
    );
  });
});
