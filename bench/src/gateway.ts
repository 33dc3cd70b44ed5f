/**
 * Calls through the gateway: what they take over the plugin's own time, and how many there are in a second. The client and the plugin
 * are as lean as can be, since they share the processors with the daemon.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import type { BenchmarkOptions } from './benchmark-options.ts';
import { addFigure, type Figures } from './figures.ts';
import { LeanConnection } from './lean-connection.ts';
import type { MeasuredEngine } from './measured-engine.ts';
import { create, enable, remove } from './plugin-work.ts';
import type { Measurement } from './report.ts';

const name = 'bench/answering:latest';
const sequentialCalls = 2_000;
const parallelCalls = 20_000;
const connections = 8;

/** Calls whose answers are translated, since they carry a path; and the pair that the engine counts and journals. */
const work = {
  get: [request('Get', { Name: 'data' })],
  capabilities: [request('Capabilities', {})],
  mount: [request('Mount', { Name: 'data', ID: 'bench' }), request('Unmount', { Name: 'data', ID: 'bench' })],
};

/** Measure Outboard; Docker Engine has no gateway. */
export async function measureGateway(
  options: BenchmarkOptions,
  engines: readonly MeasuredEngine[],
): Promise<readonly Measurement[]> {
  const engine = engines.find(({ kind }) => kind.name === 'Outboard');
  if (engine === undefined) return [];
  const { api } = engine;
  await create(api, name, options.fixtures.answering);
  await enable(api, name);
  try {
    return await measureCalls(options, engine);
  } finally {
    await remove(api, name);
  }
}

async function measureCalls(
  options: BenchmarkOptions,
  engine: MeasuredEngine,
): Promise<readonly Measurement[]> {
  const { api, directory } = engine;
  const { Id: id } = JSON.parse((await api.request('GET', `/plugins/${name}/json`)).body);
  // The path is too long for the address of a socket.
  await using plugin = await open(join(directory, 'exec', 'plugins', id));
  const direct = `/proc/self/fd/${plugin.fd}/plugin.sock`;
  const gateway = join(directory, 'gateway', 'answering.sock');
  const figures = { get: {}, capabilities: {}, mount: {}, rate: {} } satisfies Record<string, Figures>;
  await untilListening(gateway);
  await callsPerSecond(gateway, parallelCalls); // The first calls compile the code.
  for (let run = 0; run < options.runs; run++) {
    for (const kind of ['get', 'capabilities', 'mount'] as const) {
      const own = await medianMs(direct, work[kind]);
      addFigure(figures[kind], 'Outboard', (await medianMs(gateway, work[kind])) - own);
    }
    addFigure(figures.rate, 'Outboard', await callsPerSecond(gateway, parallelCalls));
    options.onStep(`calls through the gateway, run ${run + 1} of ${options.runs}`);
  }
  const overhead = { unit: 'ms', bar: { limit: 1 } } as const;
  return [
    { work: 'gateway, overhead of a call with a path', ...overhead, figures: figures.get },
    { work: 'gateway, overhead of a call', ...overhead, figures: figures.capabilities },
    { work: 'gateway, overhead of a mount or unmount', ...overhead, figures: figures.mount },
    {
      work: `gateway, calls with a path over ${connections} connections`,
      unit: 'requests/s',
      bar: { limit: 5_000, isMinimum: true },
      figures: figures.rate,
    },
  ];
}

/** The socket follows the plugin's start within milliseconds. */
async function untilListening(path: string): Promise<void> {
  const limit = AbortSignal.timeout(5_000);
  for (;;) {
    try {
      (await LeanConnection.open(path)).close();
      return;
    } catch (error) {
      if (limit.aborted) throw error;
      await setTimeout(5);
    }
  }
}

/** Median time of a call, one after the other on one connection. */
async function medianMs(path: string, requests: readonly Buffer[]): Promise<number> {
  const connection = await LeanConnection.open(path);
  const times: number[] = [];
  for (let call = 0; call < sequentialCalls; call++) {
    const startedAt = performance.now();
    await connection.call(requests[call % requests.length] ?? Buffer.alloc(0));
    times.push(performance.now() - startedAt);
  }
  connection.close();
  return times.sort((a, b) => a - b)[sequentialCalls >> 1] ?? Number.NaN;
}

async function callsPerSecond(path: string, calls: number): Promise<number> {
  const clients = await Promise.all(Array.from({ length: connections }, () => LeanConnection.open(path)));
  const [bytes = Buffer.alloc(0)] = work.get;
  const startedAt = performance.now();
  await Promise.all(
    clients.map(async (client) => {
      for (let call = 0; call < calls / connections; call++) await client.call(bytes);
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  for (const client of clients) client.close();
  return calls / seconds;
}

function request(method: string, body: object): Buffer {
  const text = `${JSON.stringify(body)}\n`;
  const head = [`POST /VolumeDriver.${method} HTTP/1.1`, 'Host: plugin', `Content-Length: ${text.length}`];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${text}`);
}
