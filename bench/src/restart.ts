/**
 * A daemon that starts while its plugins run: it finds, verifies and takes over each of them before it answers.
 */
import type { BenchmarkOptions } from './benchmark-options.ts';
import { noTimings } from './figures.ts';
import { type EngineKind, engineDirectory, MeasuredEngine, timeStart } from './measured-engine.ts';
import { enable, installAs, publish, removeAll } from './plugin-work.ts';
import type { Measurement } from './report.ts';

/** Number of plugins that run through the restarts. */
const runningPlugins = 20;

/** Time the start of each engine with running plugins; they are removed afterwards. */
export async function measureRestart(options: BenchmarkOptions): Promise<readonly Measurement[]> {
  const kinds = options.kinds.map(leavingPluginsRunning);
  const started = noTimings();
  try {
    await enablePlugins(kinds, options);
    for (let run = 0; run < options.runs; run++) {
      for (const kind of kinds) {
        await (await timeStart(started, kind, options)).stop();
      }
      options.onStep(`restart with running plugins, run ${run + 1} of ${options.runs}`);
    }
  } finally {
    // They would run on without an engine that knows them.
    for (const kind of kinds) await withEngine(kind, options, ({ api }) => removeAll(api));
  }
  const work = `daemon start with ${runningPlugins} running plugins`;
  return [{ work, unit: 'ms', bar: { ratio: 0.4 }, ...started }];
}

async function enablePlugins(kinds: readonly EngineKind[], options: BenchmarkOptions): Promise<void> {
  const remote = `${options.registry.host}/bench/light:latest`;
  for (const [index, kind] of kinds.entries()) {
    await withEngine(kind, options, async ({ api }) => {
      if (index === 0) await publish(api, remote, options.fixtures.light);
      for (let number = 0; number < runningPlugins; number++) {
        const name = `bench/restart-${number}:latest`;
        await installAs(api, remote, name);
        await enable(api, name);
      }
    });
  }
}

/** Outboard leaves plugins running by default, Docker needs a setting for it. */
function leavingPluginsRunning(kind: EngineKind): EngineKind {
  if (kind.name !== 'Docker') return kind;
  return { ...kind, command: (...places) => [...kind.command(...places), '--live-restore'] };
}

function start(kind: EngineKind, { root, registry }: BenchmarkOptions): Promise<MeasuredEngine> {
  return MeasuredEngine.start(kind, engineDirectory(root, kind), registry.host);
}

async function withEngine(
  kind: EngineKind,
  options: BenchmarkOptions,
  work: (engine: MeasuredEngine) => Promise<void>,
): Promise<void> {
  const engine = await start(kind, options);
  try {
    await work(engine);
  } finally {
    await engine.stop();
  }
}
