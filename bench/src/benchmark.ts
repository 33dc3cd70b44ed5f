/**
 * The measurements, one function each. Engines take turns, so that other work of the machine affects both alike.
 */
import { join } from 'node:path';
import { addFigure, type BenchmarkOptions, type Figures } from './benchmark-options.ts';
import { measureGateway } from './gateway.ts';
import { measurePackage } from './installed-package.ts';
import { makeDirectories } from './make-directories.ts';
import { engineDirectory, MeasuredEngine } from './measured-engine.ts';
import { makeTinyContext } from './plugin-fixtures.ts';
import {
  create,
  disable,
  enable,
  install,
  installAs,
  publish,
  remove,
  requestRate,
  timed,
} from './plugin-work.ts';
import { memoryOf } from './process-memory.ts';
import type { Measurement } from './report.ts';
import { measureRestart } from './restart.ts';

/** Number of plugins for the listing, and of enabled plugins for the memory. */
const listedPlugins = 1_000;
const enabledPlugins = 20;

/** Measure the chosen groups on every engine, one group after another. */
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
  try {
    if (options.groups.includes('life')) done(await measureLifeCycle(options, engines));
    if (options.groups.includes('files')) done(await measureManyFiles(options, engines));
    if (options.groups.includes('memory')) done(await measureMemory(options, engines));
    if (options.groups.includes('list')) done(await measureList(options, engines));
    if (options.groups.includes('gateway')) done(await measureGateway(options, engines));
  } finally {
    for (const engine of engines) await engine.stop();
  }
  return measured;
}

function startAll({ kinds, root, registry }: BenchmarkOptions): Promise<MeasuredEngine[]> {
  return Promise.all(kinds.map((kind) => MeasuredEngine.start(kind, engineDirectory(root, kind), registry)));
}

async function measureStart(options: BenchmarkOptions): Promise<readonly Measurement[]> {
  const figures: Figures = {};
  for (let run = 0; run < options.runs; run++) {
    for (const kind of options.kinds) {
      let engine: MeasuredEngine | undefined;
      const milliseconds = await timed(async () => {
        engine = await MeasuredEngine.start(kind, engineDirectory(options.root, kind), options.registry);
      });
      addFigure(figures, kind.name, milliseconds);
      await engine?.stop();
    }
  }
  options.onStep('daemon start');
  return [{ work: 'daemon start to first answer', unit: 'ms', bar: { ratio: 1 }, figures }];
}

/** The big plugin through its life: create, push, remove, install, enable, disable. */
async function measureLifeCycle(
  options: BenchmarkOptions,
  engines: readonly MeasuredEngine[],
): Promise<readonly Measurement[]> {
  const figures = {
    create: {},
    install: {},
    enable: {},
    enableNode: {},
    disable: {},
    remove: {},
  } satisfies Record<string, Figures>;
  await publishFirst(engines, `${options.registry}/bench/big:latest`, options.fixtures.big);
  for (let run = 0; run < options.runs; run++) {
    for (const { kind, api } of engines) {
      const name = `${options.registry}/bench/big:latest`;
      await settle();
      addFigure(figures.create, kind.name, await timed(() => create(api, name, options.fixtures.big)));
      await remove(api, name);
      await settle();
      addFigure(figures.install, kind.name, await timed(() => install(api, name)));
      addFigure(figures.enableNode, kind.name, await timed(() => enable(api, name)));
      addFigure(figures.disable, kind.name, await timed(() => disable(api, name)));
      addFigure(figures.remove, kind.name, await timed(() => remove(api, name)));
      const light = `bench/${kind.name.toLowerCase()}-light:latest`;
      await create(api, light, options.fixtures.light);
      addFigure(figures.enable, kind.name, await timed(() => enable(api, light)));
      await remove(api, light);
    }
    options.onStep(`big plugin, run ${run + 1} of ${options.runs}`);
  }
  return [
    { work: 'install, 100 MB in few files', unit: 'ms', bar: { ratio: 0.5 }, figures: figures.install },
    { work: 'enable, until the socket accepts', unit: 'ms', bar: { ratio: 0.12 }, figures: figures.enable },
    {
      work: 'enable, a Node.js plugin (its own start included)',
      unit: 'ms',
      bar: { ratio: 0.12 },
      figures: figures.enableNode,
    },
    { work: 'create, 100 MB in few files', unit: 'ms', bar: { ratio: 0.25 }, figures: figures.create },
    { work: 'disable', unit: 'ms', bar: { ratio: 1 }, figures: figures.disable },
    { work: 'remove', unit: 'ms', bar: { ratio: 1 }, figures: figures.remove },
  ];
}

async function measureManyFiles(
  options: BenchmarkOptions,
  engines: readonly MeasuredEngine[],
): Promise<readonly Measurement[]> {
  const figures: Figures = {};
  await publishFirst(engines, `${options.registry}/bench/many:latest`, options.fixtures.many);
  for (let run = 0; run < options.runs; run++) {
    for (const { kind, api } of engines) {
      const name = `${options.registry}/bench/many:latest`;
      await settle();
      addFigure(figures, kind.name, await timed(() => install(api, name)));
      await remove(api, name);
    }
    options.onStep(`many files, run ${run + 1} of ${options.runs}`);
  }
  return [{ work: 'install, 58,000 small files', unit: 'ms', bar: { ratio: 0.35 }, figures }];
}

/** Daemon and helpers with 20 plugins enabled; the plugins' own processes do not count. */
async function measureMemory(
  options: BenchmarkOptions,
  engines: readonly MeasuredEngine[],
): Promise<readonly Measurement[]> {
  const figures: Figures = {};
  const remote = `${options.registry}/bench/light:latest`;
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

/** Push a plugin; the first engine creates it, so that all engines install the same bytes. */
async function publishFirst(
  [publisher]: readonly MeasuredEngine[],
  name: string,
  context: string,
): Promise<void> {
  if (publisher === undefined) throw new Error('no engine to measure');
  await publish(publisher.api, name, context);
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

/** Wait for background work of the last measurement: Docker collects garbage after its answer. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1_000));
}
