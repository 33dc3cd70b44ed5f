/**
 * The measurements, one function each. Engines take turns, so that other work of the machine affects both alike.
 */
import { join } from 'node:path';
import type { BenchmarkOptions } from './benchmark-options.ts';
import { addFigure, type Figures, noTimings } from './figures.ts';
import { measureGateway } from './gateway.ts';
import { measurePackage } from './installed-package.ts';
import { measureLifeCycle, measureManyFiles } from './life-cycle.ts';
import { makeDirectories } from './make-directories.ts';
import { engineDirectory, MeasuredEngine, timeStart } from './measured-engine.ts';
import { makeTinyContext } from './plugin-fixtures.ts';
import { create, enable, installAs, publishFirst, remove, requestRate } from './plugin-work.ts';
import { memoryOf } from './process-memory.ts';
import type { Measurement } from './report.ts';
import { measureRestart } from './restart.ts';
import { measureHuge, measureLayers, measurePush } from './transfers.ts';

/** Number of plugins for the listing, and of enabled plugins for the memory. */
const listedPlugins = 1_000;
const enabledPlugins = 20;

/** Measure the chosen groups on every engine, one group after another. Its caller stops the engines. */
export async function runBenchmark(options: BenchmarkOptions): Promise<readonly Measurement[]> {
  const measured: Measurement[] = [];
  const done = (measurements: readonly Measurement[]) => {
    measured.push(...measurements);
    options.onMeasured(measurements);
  };
  if (options.groups.includes('start')) done(await measureStart(options));
  if (options.groups.includes('package')) done(await measurePackage(options));
  if (options.groups.includes('restart')) done(await measureRestart(options));
  const engines = await startAll(options);
  if (options.groups.includes('life')) done(await measureLifeCycle(options, engines));
  if (options.groups.includes('files')) done(await measureManyFiles(options, engines));
  if (options.groups.includes('push')) done(await measurePush(options, engines));
  if (options.groups.includes('layers')) done(await measureLayers(options, engines));
  if (options.groups.includes('huge')) done(await measureHuge(options, engines));
  if (options.groups.includes('memory')) done(await measureMemory(options, engines));
  if (options.groups.includes('list')) done(await measureList(options, engines));
  if (options.groups.includes('gateway')) done(await measureGateway(options, engines));
  return measured;
}

function startAll({ kinds, root, registry }: BenchmarkOptions): Promise<MeasuredEngine[]> {
  return Promise.all(
    kinds.map((kind) => MeasuredEngine.start(kind, engineDirectory(root, kind), registry.host)),
  );
}

async function measureStart(options: BenchmarkOptions): Promise<readonly Measurement[]> {
  const start = noTimings();
  for (let run = 0; run < options.runs; run++) {
    for (const kind of options.kinds) await (await timeStart(start, kind, options)).stop();
  }
  options.onStep('daemon start');
  return [{ work: 'daemon start to first answer', unit: 'ms', bar: { ratio: 1 }, ...start }];
}

/** Daemon and helpers with 20 plugins enabled; the plugins' own processes do not count. */
async function measureMemory(
  options: BenchmarkOptions,
  engines: readonly MeasuredEngine[],
): Promise<readonly Measurement[]> {
  const figures: Figures = {};
  const remote = `${options.registry.host}/bench/light:latest`;
  await publishFirst(engines, remote, options.fixtures.light);
  for (const { kind, api, process, directory } of engines) {
    const names = Array.from({ length: enabledPlugins }, (_, index) => `bench/memory-${index}:latest`);
    for (const name of names) {
      await installAs(api, remote, name);
      await enable(api, name);
    }
    if (process.pid === undefined) throw new Error(`${kind.name} has no process`);
    addFigure(figures, kind.name, (await memoryOf(process.pid, kind.helperNames, directory)) / 1_000_000);
    for (const name of names) await remove(api, name);
    options.onStep(`memory of ${kind.name}`);
  }
  return [{ work: `memory, ${enabledPlugins} plugins enabled`, unit: 'MB', bar: { ratio: 0.6 }, figures }];
}

async function measureList(
  options: BenchmarkOptions,
  engines: readonly MeasuredEngine[],
): Promise<readonly Measurement[]> {
  const figures = { list: {}, inspect: {} } satisfies Record<string, Figures>;
  const directory = join(options.root, 'tiny');
  await makeDirectories(directory);
  const nameOf = (index: number) => `bench/tiny-${index}:latest`;
  for (let index = 0; index < listedPlugins; index++) {
    const context = await makeTinyContext(directory, index);
    for (const { api } of engines) await create(api, nameOf(index), context);
  }
  options.onStep(`${listedPlugins} plugins created`);
  const inspected = (index: number) => `/plugins/${nameOf((index * 7) % listedPlugins)}/json`;
  for (let run = 0; run < options.runs; run++) {
    for (const { kind, api } of engines) {
      addFigure(figures.list, kind.name, await requestRate(api, 60, () => '/plugins'));
      addFigure(figures.inspect, kind.name, await requestRate(api, listedPlugins, inspected));
    }
  }
  const rate = { unit: 'requests/s', bar: { ratio: 1, isMinimum: true } } as const;
  return [
    { work: `list, ${listedPlugins} plugins`, ...rate, figures: figures.list },
    { work: `inspect, one of ${listedPlugins} plugins`, ...rate, figures: figures.inspect },
  ];
}
