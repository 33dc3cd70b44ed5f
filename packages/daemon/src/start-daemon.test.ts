import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { fromCallback } from '@outboard/async';
import { OutboardError, type PluginEngine } from '@outboard/engine';
import { pino } from 'pino';
import { withDefaults } from './configuration/configuration.ts';
import { startApiServer } from './listen/api-server.ts';
import { createMetricsService } from './metrics/metrics-service.ts';
import { type DaemonDeps, startDaemon } from './start-daemon.ts';
import { scriptEngine } from './testing/scripted-engine.ts';

/** The parts in the order in which they open. */
const parts = ['metrics', 'engine', 'metrics address', 'API', 'access'] as const;
type Part = (typeof parts)[number];

/** The listening servers of this process. */
async function listeningServers(): Promise<readonly string[]> {
  // Node.js lists a handle until its close callback, which is called at the end of a turn of the event loop.
  for (const _ of [1, 2]) await setImmediate();
  return process.getActiveResourcesInfo().filter((name) => /^(TCPServerWrap|PipeWrap)$/.test(name));
}

interface TestDaemonOptions {
  /** The part that fails to open. */
  readonly failing?: Part;
  /** The parts that fail to close, with their own names as messages. */
  readonly failingClose?: readonly ('metrics' | 'engine' | 'API')[];
}

/** A daemon over a scripted engine with failing parts, and the order in which the parts close. */
async function prepareDaemon(context: TestContext, { failing, failingClose = [] }: TestDaemonOptions) {
  const home = await mkdtemp(join(tmpdir(), 'outboard-daemon-'));
  context.after(() => rm(home, { recursive: true }));
  const closed: string[] = [];
  const close = async (part: 'metrics' | 'engine' | 'API', work: () => Promise<void>): Promise<void> => {
    await work();
    closed.push(part);
    if (failingClose.includes(part)) throw new Error(`${part} does not close`);
  };
  const refuse = (part: Part): void => {
    if (part === failing) throw new Error(`${part} does not open`);
  };
  const engine: PluginEngine = scriptEngine({
    list: () => [],
    [Symbol.asyncDispose]: () => close('engine', async () => undefined),
  });
  const deps: DaemonDeps = {
    createMetricsService(options) {
      refuse('metrics');
      const metrics = createMetricsService(options);
      return { ...metrics, close: () => close('metrics', metrics.close) };
    },
    async openEngine() {
      refuse('engine');
      return engine;
    },
    async startApiServer(...given) {
      const server = await startApiServer(...given);
      return { ...server, close: (signal) => close('API', () => server.close(signal)) };
    },
  };
  const file = join(home, 'file');
  await writeFile(file, '');
  const taken = createServer();
  await fromCallback((done) => taken.listen(0, '127.0.0.1', () => done(null)));
  context.after(() => fromCallback((done) => taken.close(done)));
  const address = taken.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const configuration = withDefaults({
    // The path is below a file, so that the check of access by the group of the socket fails.
    'exec-root': failing === 'access' ? join(file, 'run') : join(home, 'run'),
    'gateway-dir': join(home, 'gateway'),
    'metrics-addr': `127.0.0.1:${failing === 'metrics address' ? port : 0}`,
    hosts: [`unix://${home}/api.sock`, ...(failing === 'API' ? [`tcp://127.0.0.1:${port}`] : [])],
    'insecure-tcp': true,
    group: '',
  });
  const start = () => startDaemon({ configuration, logger: pino({ enabled: false }) }, deps);
  return { home, closed, start };
}

for (const [index, failing] of parts.entries()) {
  test(`startDaemon() closes all open parts when "${failing}" fails to open`, async (context) => {
    const { home, closed, start } = await prepareDaemon(context, { failing });
    const before = await listeningServers();
    await assert.rejects(start(), /does not open|EADDRINUSE|ENOTDIR/);
    const opened = [index > 0 ? 'metrics' : '', index > 1 ? 'engine' : '', index > 3 ? 'API' : ''];
    assert.deepEqual(closed, opened.filter((part) => part !== '').reverse());
    assert.deepEqual(await listeningServers(), before);
    assert.deepEqual(await readdir(home), ['file']);
  });
}

for (const failingClose of [['metrics'], ['engine'], ['API'], ['metrics', 'engine', 'API']] as const) {
  test(`stop() closes every part when ${failingClose.join(' and ')} fail to close`, async (context) => {
    const { home, closed, start } = await prepareDaemon(context, { failingClose });
    const before = await listeningServers();
    const daemon = await start();
    assert.equal((await listeningServers()).length, before.length + 2);
    const errors = [...failingClose].reverse().map((part) => `${part} does not close`);
    await assert.rejects(daemon.stop(), { message: errors.join('; ') });
    assert.deepEqual(closed, ['API', 'engine', 'metrics']);
    assert.deepEqual(await listeningServers(), before);
    assert.deepEqual(await readdir(home), ['file']);
  });
}

test('startDaemon() rejects with the error of the start, even if a part then fails to close', async (context) => {
  const { closed, start } = await prepareDaemon(context, { failing: 'API', failingClose: ['engine'] });
  await assert.rejects(start(), (error) => error instanceof OutboardError && error.kind === 'conflict');
  assert.deepEqual(closed, ['engine', 'metrics']);
});
