import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createPluginClient } from '@outboard/protocol';
import pino from 'pino';
import type { PluginDriver } from '../drivers/plugin-drivers.ts';
import { createMetricsCollectors } from './metrics-collectors.ts';

/** Collectors over drivers that the test lets come and go. */
function openCollectors() {
  const drivers = new EventEmitter();
  const lines: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line) => lines.push(line) });
  const listen = (event: string, listener: (...args: never[]) => void) => {
    const untyped = listener as (...args: unknown[]) => void; // emit() below gives what each event carries
    drivers.on(event, untyped);
    return () => void drivers.off(event, untyped);
  };
  const collectors = createMetricsCollectors({
    drivers: {
      onEnabled: (_capability, listener) => listen('enabled', listener),
      onDisabled: (_capability, listener) => listen('disabled', listener),
    },
    logger,
  });
  return {
    collectors,
    lines,
    enable: (driver: PluginDriver) => drivers.emit('enabled', driver),
    disable: (name: string) => drivers.emit('disabled', name),
    listeners: () => drivers.listenerCount('enabled') + drivers.listenerCount('disabled'),
  };
}

/** A plugin whose calls the test sees as they come. */
async function openPlugin(
  context: TestContext,
  answer: (method: string) => RequestListener,
): Promise<{ driver: PluginDriver; calls: string[]; called: EventEmitter }> {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-collector-'));
  const calls: string[] = [];
  const called = new EventEmitter();
  const server = createServer((request, response) => {
    const method = (request.url ?? '').replace('/MetricsCollector.', '');
    calls.push(method);
    answer(method)(request, response);
    called.emit(method);
  }).listen(join(directory, 'p.sock'));
  await once(server, 'listening');
  const client = createPluginClient({ socketPath: join(directory, 'p.sock') });
  context.after(async () => {
    await client[Symbol.asyncDispose]();
    server.close();
    server.closeAllConnections();
    await rm(directory, { recursive: true });
  });
  const toHostPath = (path: string) => Promise.resolve(path);
  const toHostPaths = () => Promise.resolve([]);
  return {
    driver: { name: 'acme/m:latest', pluginId: 'id', client, toHostPath, toHostPaths },
    calls,
    called,
  };
}

const respond = (status: number, body: string): RequestListener => {
  return (_request, response) => response.writeHead(status).end(body);
};
const never: RequestListener = () => {};

test('a collector gets StartMetrics at each start, and StopMetrics once', async (t) => {
  const { collectors, enable, lines } = openCollectors();
  const { driver, calls, called } = await openPlugin(t, () => respond(200, ''));
  for (let times = 0; times < 2; times += 1) {
    const started = once(called, 'StartMetrics');
    enable(driver);
    await started;
  }
  await collectors.stop('id');
  await collectors.stop('id');
  assert.deepEqual(calls, ['StartMetrics', 'StartMetrics', 'StopMetrics']);
  assert.deepEqual(lines, []);
});

test('a collector that hangs in StartMetrics does not delay its stop', async (t) => {
  const { collectors, enable, lines } = openCollectors();
  const { driver, calls, called } = await openPlugin(t, (method) =>
    method === 'StartMetrics' ? never : respond(200, '{}'),
  );
  const started = once(called, 'StartMetrics');
  enable(driver);
  await started;
  await collectors.stop('id');
  assert.deepEqual(calls, ['StartMetrics', 'StopMetrics']);
  assert.deepEqual(lines, []);
});

const failures: readonly [name: string, status: number, body: string][] = [
  ['MetricsCollector.StopMetrics: no disk', 200, '{"Err":"no disk"}'],
  ['MetricsCollector.StopMetrics: broken', 500, 'broken'],
];
for (const [reason, status, body] of failures) {
  test(`a collector that answers ${status} ${body} is logged`, async (t) => {
    const { collectors, enable, lines } = openCollectors();
    const { driver } = await openPlugin(t, () => respond(status, body));
    enable(driver);
    await collectors.stop('id');
    const last = JSON.parse(lines.at(-1) ?? '{}');
    assert.deepEqual([last.plugin, last.err.message], ['acme/m:latest', reason]);
  });
}

test('a collector that was disabled gets no further calls', async (t) => {
  const { collectors, enable, disable } = openCollectors();
  const { driver, calls, called } = await openPlugin(t, () => respond(200, ''));
  const started = once(called, 'StartMetrics');
  enable(driver);
  await started;
  disable('acme/m:latest');
  await collectors[Symbol.asyncDispose]();
  assert.deepEqual(calls, ['StartMetrics']);
});

test('disposing tells all that run to stop, and listens no more', async (t) => {
  const { collectors, enable, listeners } = openCollectors();
  const { driver, calls, called } = await openPlugin(t, () => respond(200, ''));
  const started = once(called, 'StartMetrics');
  enable(driver);
  await started;
  await collectors[Symbol.asyncDispose]();
  assert.deepEqual(calls, ['StartMetrics', 'StopMetrics']);
  assert.equal(listeners(), 0);
});

test('who waits for a collector waits for its answer, and for nothing once they leave', async (t) => {
  const { collectors, enable } = openCollectors();
  const answers = new EventEmitter();
  const { driver, called } = await openPlugin(t, () => (_request, response) => {
    answers.once('answer', () => response.end());
  });
  await collectors.started('id');
  const started = once(called, 'StartMetrics');
  enable(driver);
  await started;
  const left = new AbortController();
  const leaving = collectors.started('id', { signal: left.signal });
  left.abort();
  await leaving;
  let hasAnswered = false;
  const waiting = collectors.started('id').then(() => assert.equal(hasAnswered, true));
  hasAnswered = true;
  answers.emit('answer');
  await waiting;
});
