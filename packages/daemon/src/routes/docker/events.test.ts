import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { EngineEvent, PluginEngine } from '@outboard/engine';
import { openConnection, readToEnd, send } from '../../testing/raw-http.ts';
import { scriptEngine } from '../../testing/scripted-engine.ts';
import { startTestApi } from '../../testing/test-api.ts';

type PluginAction = Extract<EngineEvent, { type: 'plugin' }>['action'];

/** An engine with scripted events; the time of the n-th event is n seconds after the epoch. */
function eventSource(): { engine: PluginEngine; emit: (...actions: PluginAction[]) => void } {
  const listeners = new Set<(event: EngineEvent) => void>();
  let second = 0;
  const engine = scriptEngine({
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  });
  const emit = (...actions: PluginAction[]) => {
    for (const action of actions) {
      second += 1;
      const timeNano = BigInt(second) * 1_000_000_000n;
      const event: EngineEvent = {
        type: 'plugin',
        action,
        id: `id${second}`,
        attributes: { name: 'acme/p:latest' },
        at: new Date(second * 1000),
        timeNano,
      };
      for (const listener of listeners) listener(event);
    }
  };
  return { engine, emit };
}

const actionsIn = (body: string) =>
  body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).Action);

/** Open a stream of events. Resolves when the response head arrives. */
async function openStream(endpoint: string, query = ''): Promise<Socket> {
  const socket = await openConnection(endpoint);
  socket.write(`GET /events${query} HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n`);
  const [head] = await once(socket, 'data');
  assert.match(String(head), /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(String(head), /Content-Type: application\/json\r\n/);
  return socket;
}

test('GET /events sends its head at once, then each event immediately', async () => {
  const { engine, emit } = eventSource();
  await using api = await startTestApi(engine);
  emit('create');
  const socket = await openStream(api.socket);
  emit('enable');
  const [chunk] = await once(socket, 'data');
  assert.match(String(chunk), /"Action":"enable".*"time":2,"timeNano":2000000000\}\n/);
  socket.destroy();
});

const spans: readonly [query: string, actions: readonly string[]][] = [
  ['?since=0&until=100', ['create', 'enable', 'disable', 'remove']],
  ['?since=2&until=3', ['enable', 'disable']],
  ['?since=2.000000001&until=3', ['disable']],
  ['?until=2', ['create', 'enable']],
  [`?until=100&filters=${encodeURIComponent('{"event":["remove"]}')}`, ['remove']],
  [`?until=100&filters=${encodeURIComponent('{"plugin":{"id1":true}}')}`, ['create']],
];
for (const [query, actions] of spans) {
  test(`GET /events${decodeURIComponent(query)} replays the matching events and ends`, async () => {
    const { engine, emit } = eventSource();
    await using api = await startTestApi(engine);
    emit('create', 'enable', 'disable', 'remove');
    const response = await send(api.socket, 'GET', `/v1.41/events${query}`);
    assert.equal(response.status, 200);
    assert.deepEqual(actionsIn(response.body), actions);
  });
}

test('GET /events with since replays past events and follows new ones without a gap', async () => {
  const { engine, emit } = eventSource();
  await using api = await startTestApi(engine);
  emit('create');
  const socket = await openStream(api.socket, '?since=0');
  const answer = readToEnd(socket);
  emit('enable', 'disable');
  api.stopping.abort(new Error('stop'));
  // openStream() has read the head and possibly the first event.
  assert.match(String(await answer), /"Action":"enable"[\s\S]*"Action":"disable"/);
});

test('the event log keeps the last 256 events', async () => {
  const { engine, emit } = eventSource();
  await using api = await startTestApi(engine);
  emit(...Array.from({ length: 300 }, () => 'enable' as const));
  const { body } = await send(api.socket, 'GET', '/events?since=0&until=1000');
  const seconds = body
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).time);
  assert.deepEqual([seconds.length, seconds[0], seconds.at(-1)], [256, 45, 300]);
});

test('GET /events ends at the until time', async () => {
  const { engine } = eventSource();
  await using api = await startTestApi(engine);
  const until = Date.now() / 1000 + 0.05;
  assert.equal((await send(api.socket, 'GET', `/events?until=${until.toFixed(3)}`)).body, '');
});

test('a client that does not read is disconnected, so that it does not miss events silently', async () => {
  const { engine, emit } = eventSource();
  await using api = await startTestApi(engine);
  const socket = await openStream(api.socket);
  socket.pause();
  const closed = once(socket, 'close');
  emit(...Array.from({ length: 40_000 }, () => 'enable' as const));
  const received = readToEnd(socket.resume());
  await closed;
  const body = (await received).toString();
  const seconds = [...body.matchAll(/"time":(\d+)/g)].map(([, second]) => Number(second));
  assert.deepEqual(
    seconds,
    seconds.map((_, index) => index + 1),
  );
  assert.ok(seconds.length < 40_000, 'the stream was not cut');
  assert.ok(!body.endsWith('0\r\n\r\n'), 'the stream looks complete');
});

test('a client that resumes before its buffer is full receives all events', async () => {
  const { engine, emit } = eventSource();
  await using api = await startTestApi(engine);
  const socket = await openStream(api.socket);
  socket.pause();
  emit(...Array.from({ length: 4_000 }, () => 'enable' as const));
  const received = readToEnd(socket.resume());
  api.stopping.abort(new Error('stop'));
  const body = (await received).toString();
  const seconds = [...body.matchAll(/"time":(\d+)/g)].map(([, second]) => Number(second));
  assert.deepEqual(
    seconds,
    Array.from({ length: 4_000 }, (_, index) => index + 1),
  );
  assert.ok(body.endsWith('0\r\n\r\n'), 'the stream does not look complete');
});

test('docker events fails with an unexpected EOF when it is disconnected', async () => {
  const { engine, emit } = eventSource();
  await using api = await startTestApi(engine);
  emit('create');
  const docker = spawn('docker', ['-H', `unix://${api.socket}`, 'events', '--since', '1'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(docker, 'close');
  const errors = text(docker.stderr);
  await once(docker.stdout, 'data');
  docker.kill('SIGSTOP');
  emit(...Array.from({ length: 40_000 }, () => 'enable' as const));
  docker.stdout.resume();
  docker.kill('SIGCONT');
  assert.deepEqual([await ended, await errors], [[1, null], 'unexpected EOF\n']);
});

test('GET /events answers 400 to an invalid query', async () => {
  const { engine } = eventSource();
  await using api = await startTestApi(engine);
  for (const query of ['?since=abc', '?since=2&until=1', '?filters=x']) {
    assert.equal((await send(api.socket, 'GET', `/events${query}`)).status, 400, query);
  }
});
