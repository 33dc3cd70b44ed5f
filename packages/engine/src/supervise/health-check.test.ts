import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connectSocket } from '@outboard/protocol';
import type { HealthCheck } from '../config/plugin-options.ts';
import { createHealthProbe, watchHealth } from './health-check.ts';

/** A plugin's socket that does with each connection what the test says. */
async function serve(
  t: TestContext,
  answer: (socket: Socket) => void,
): Promise<{ path: string; server: Server }> {
  const directory = mkdtempSync(join(tmpdir(), 'ob-health-'));
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    answer(socket);
  });
  const path = join(directory, 's');
  server.listen(path);
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
    rmSync(directory, { recursive: true });
  });
  return { path, server };
}

const http: HealthCheck = { kind: 'http' };
const probeOf = (check: HealthCheck, path: string) => createHealthProbe(check, path, connectSocket);
const never = new AbortController().signal;

test('a check by HTTP posts to /Plugin.Activate, or to its path, and takes any status below 500', async (t) => {
  const lines: string[] = [];
  let status = 200;
  const { path } = await serve(t, (socket) =>
    socket.on('data', (data) => {
      lines.push(String(data).split('\r\n')[0] ?? '');
      socket.write(`HTTP/1.1 ${status} x\r\nContent-Length: 1000000\r\n\r\nhalf`);
    }),
  );
  await probeOf(http, path)(never);
  status = 404;
  await probeOf({ kind: 'http', path: '/health?deep=1' }, path)(never);
  assert.deepEqual(lines, ['POST /Plugin.Activate HTTP/1.1', 'POST /health?deep=1 HTTP/1.1']);
  status = 500;
  await assert.rejects(probeOf(http, path)(never), /^OutboardError: POST .* was answered with status 500$/);
});

for (const [title, answer] of [
  ['what is no HTTP', (socket: Socket) => socket.write('hello\r\n')],
  ['the end of the connection', (socket: Socket) => socket.once('data', () => socket.destroy())],
  ['an endless header', (socket: Socket) => socket.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(200_000)}`)],
] as const) {
  test(`S04 ${title} is no answer to a check by HTTP`, async (t) => {
    const { path } = await serve(t, answer);
    await assert.rejects(probeOf(http, path)(never), /was not answered in HTTP$/);
  });
}

test('S04 a plugin that accepts connections and does not answer blocks a probe until its signal is aborted', async (t) => {
  const scope = new AbortController();
  const { path } = await serve(t, () => scope.abort(new Error('late')));
  await assert.rejects(probeOf(http, path)(scope.signal), /^Error: late$/);
});

test('a check by socket wants no more than a connection', async (t) => {
  const { path, server } = await serve(t, () => undefined);
  await probeOf({ kind: 'socket' }, path)(never);
  server.close();
  await assert.rejects(probeOf({ kind: 'socket' }, path)(never), /connect: no such file/);
});

/** Watch a plugin whose probes end like this, one after another; the last one ends the watch. */
async function watchOutcomes(outcomes: readonly (Error | undefined)[], check: Partial<HealthCheck> = {}) {
  const scope = new AbortController();
  const heard: string[] = [];
  const left = [...outcomes];
  await watchHealth({
    check: { kind: 'socket', intervalSeconds: 0.001, ...check },
    probe: async () => {
      const outcome = left.shift();
      if (left.length === 0) queueMicrotask(() => queueMicrotask(() => scope.abort()));
      if (outcome !== undefined) throw outcome;
    },
    signal: scope.signal,
    onUnhealthy: (reason) => heard.push(`unhealthy: ${reason}`),
    onHealthy: () => heard.push('healthy'),
  });
  return heard;
}

// The interval between checks does not keep the process alive.
const alive = setInterval(() => undefined, 60_000);
test.after(() => clearInterval(alive));

const bad = new Error('refused');
const end = undefined;

test('watchHealth() reports three failures in a row once, and the first success after them', async () => {
  assert.deepEqual(await watchOutcomes([bad, bad, undefined, bad, bad, end, end]), []);
  assert.deepEqual(await watchOutcomes([bad, bad, bad, bad, bad, undefined, undefined, end]), [
    'unhealthy: refused',
    'healthy',
  ]);
});

test('watchHealth() counts to the number that the check says', async () => {
  assert.deepEqual(await watchOutcomes([bad, undefined, bad, end, end], { retries: 1 }), [
    'unhealthy: refused',
    'healthy',
    'unhealthy: refused',
    'healthy',
  ]);
});

test('S04 watchHealth() takes no answer in time for a failure', async () => {
  const scope = new AbortController();
  const unhealthy = new Promise<string>((resolve) => {
    void watchHealth({
      check: { kind: 'socket', intervalSeconds: 0.001, timeoutSeconds: 0.02, retries: 2 },
      probe: (signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      signal: scope.signal,
      onUnhealthy: resolve,
      onHealthy: () => assert.fail('it never answered'),
    });
  });
  assert.equal(await unhealthy, 'no answer within 0.02 s');
  scope.abort();
});
