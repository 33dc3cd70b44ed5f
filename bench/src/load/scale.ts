/**
 * The cost of each operation by the number of plugins: of one request after the other, by the clock and by the processors of
 * the daemon and its helpers.
 */
import { join } from 'node:path';
import { MeasuredEngine, outboard, settle } from '../measured-engine.ts';
import { LoadClient, type LoadRequest } from './load-client.ts';
import { pluginName, requests } from './operations.ts';

/** Medians of one operation with one number of plugins, in milliseconds. */
export interface ScaleFigure {
  readonly operation: string;
  readonly plugins: number;
  readonly wallMs: number;
  /** With the work after the answer; the mean of the runs. */
  readonly processorMs: number;
}

const counts = [10, 100, 1_000];
const runs = 20;

/** Measure all operations with 10, 100 and 1,000 plugins, none of which runs. */
export async function measureScale(
  root: string,
  context: Buffer,
  signal: AbortSignal,
): Promise<{ readonly figures: readonly ScaleFigure[] }> {
  const figures: ScaleFigure[] = [];
  const directory = join(root, 'outboard');
  const start = () => MeasuredEngine.start(outboard, directory, '127.0.0.1:1');
  let engine = await start();
  const client = new LoadClient(join(directory, 'api.sock'), signal);
  try {
    let made = 0;
    for (const plugins of counts) {
      console.error(`${plugins} plugins …`);
      for (; made < plugins; made++) await client.require(requests.create(pluginName(made), context));
      for (const [operation, steps] of operations(plugins, context)) {
        figures.push({ operation, plugins, ...(await measure(engine, client, steps)) });
      }
      const starts: number[] = [];
      let processorMs = 0;
      for (let run = 0; run < 3; run++) {
        await engine.stop();
        const before = await engine.processor.read();
        const beganAt = performance.now();
        engine = await start();
        starts.push(performance.now() - beganAt);
        processorMs += ((await engine.processor.read()) - before) / 3;
      }
      figures.push({ operation: 'daemon start', plugins, wallMs: median(starts), processorMs });
    }
    for (let index = 0; index < made; index++) await client.require(requests.remove(pluginName(index)));
    return { figures };
  } finally {
    client.close();
  }
}

/** One run of an operation: what is done before it, the request that is measured, and what is done after it. */
interface Steps {
  readonly before?: (run: number) => LoadRequest;
  readonly measured: (run: number) => LoadRequest;
  readonly after?: (run: number) => LoadRequest;
}

function operations(plugins: number, context: Buffer): readonly (readonly [string, Steps])[] {
  const name = (run: number) => pluginName((run * 7) % plugins);
  const added = 'load/added:latest';
  return [
    ['list', { measured: () => requests.list() }],
    [
      'list after a change',
      { before: (run) => requests.set(name(run), run), measured: () => requests.list() },
    ],
    ['inspect', { measured: (run) => requests.inspect(name(run)) }],
    ['set', { measured: (run) => requests.set(name(run), run + 100) }],
    ['enable', { measured: () => requests.enable(name(0)), after: () => requests.disable(name(0)) }],
    ['disable', { before: () => requests.enable(name(0)), measured: () => requests.disable(name(0)) }],
    ['create', { measured: () => requests.create(added, context), after: () => requests.remove(added) }],
    ['remove', { before: () => requests.create(added, context), measured: () => requests.remove(added) }],
    ['gc', { measured: () => requests.gc() }],
  ];
}

async function measure(
  engine: MeasuredEngine,
  client: LoadClient,
  { before, measured, after }: Steps,
): Promise<Pick<ScaleFigure, 'wallMs' | 'processorMs'>> {
  const times: number[] = [];
  let processorMs = 0;
  for (let run = -1; run < runs; run++) {
    if (before !== undefined) await client.require(before(run + 1));
    if (before !== undefined || after !== undefined) await settle();
    const processorBefore = await engine.processor.read();
    const { elapsedMs, error } = await client.send(measured(run + 1));
    if (error !== undefined) throw new Error(error);
    if (before !== undefined || after !== undefined) await settle();
    // The first run is not counted: it loads and compiles code.
    if (run >= 0) {
      times.push(elapsedMs);
      processorMs += ((await engine.processor.read()) - processorBefore) / runs;
    }
    if (after !== undefined) await client.require(after(run + 1));
  }
  return { wallMs: median(times), processorMs };
}

function median(figures: readonly number[]): number {
  return [...figures].sort((a, b) => a - b)[figures.length >> 1] ?? Number.NaN;
}
