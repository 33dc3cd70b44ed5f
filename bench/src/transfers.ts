/**
 * Transfers to and from the registry: pushes, plugins of many layers, and one with a layer of 1 GB, beside `skopeo copy`.
 */
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BenchmarkOptions } from './benchmark-options.ts';
import { addFigure, type Figures, noTimings } from './figures.ts';
import { publishLayers } from './layered-plugin.ts';
import { type MeasuredEngine, settle } from './measured-engine.ts';
import { peakMemory } from './peak-memory.ts';
import { create, install, publishFirst, push, remove, timed } from './plugin-work.ts';
import type { Measurement } from './report.ts';

const execute = promisify(execFile);
const layerCount = 30;
/** Work on 1 GB takes up to half a minute. */
const mostHugeRuns = 3;
const megabyte = 1_000_000;

/** Time pushes to a registry without content, and compare the sizes of what `plugin create` made. */
export async function measurePush(
  options: BenchmarkOptions,
  engines: readonly MeasuredEngine[],
): Promise<readonly Measurement[]> {
  const { registry, runs, fixtures } = options;
  const name = `${registry.host}/bench/pushed:latest`;
  const pushed = noTimings();
  const sizes: Figures = {};
  for (const { api } of engines) await create(api, name, fixtures.big);
  for (let run = 0; run < runs; run++) {
    for (const engine of engines) {
      await registry.clear();
      await engine.time(pushed, () => push(engine.api, name));
      addFigure(sizes, engine.kind.name, (await layerSize(registry.host, 'bench/pushed')) / megabyte);
    }
    options.onStep(`push, run ${run + 1} of ${runs}`);
  }
  for (const { api } of engines) await remove(api, name);
  return [
    { work: 'push, 100 MB in few files', unit: 'ms', bar: { ratio: 1 }, ...pushed },
    { work: 'size of its layer', unit: 'MB', bar: { ratio: 1.02 }, figures: sizes },
  ];
}

/** Time the installation of a plugin of 30 layers. */
export async function measureLayers(
  options: BenchmarkOptions,
  engines: readonly MeasuredEngine[],
): Promise<readonly Measurement[]> {
  const installed = noTimings();
  const name = `${options.registry.host}/bench/layers:latest`;
  await publishLayers(
    join(options.root, 'parts'),
    `http://${options.registry.host}/v2/bench/layers`,
    layerCount,
  );
  for (let run = 0; run < options.runs; run++) {
    await timeCopy(installed.figures, name, options);
    for (const engine of engines) {
      await engine.time(installed, () => install(engine.api, name));
      await remove(engine.api, name);
    }
    options.onStep(`many layers, run ${run + 1} of ${options.runs}`);
  }
  const work = `install, ${layerCount} layers of 4 MB`;
  return [{ work, unit: 'ms', bar: { ratio: 0.45 }, ...installed }];
}

/** Time work on a layer of 1 GB, and measure the memory that Outboard needs for it. */
export async function measureHuge(
  options: BenchmarkOptions,
  engines: readonly MeasuredEngine[],
): Promise<readonly Measurement[]> {
  const runs = Math.min(options.runs, mostHugeRuns);
  const name = `${options.registry.host}/bench/huge:latest`;
  const installed = noTimings();
  await publishFirst(engines, name, options.fixtures.huge);
  for (let run = 0; run < runs; run++) {
    await timeCopy(installed.figures, name, options);
    for (const engine of engines) {
      await settle();
      await engine.time(installed, () => install(engine.api, name));
      await remove(engine.api, name);
    }
    options.onStep(`a layer of 1 GB, run ${run + 1} of ${runs}`);
  }
  const memory = await measurePeaks(options, engines, name);
  return [
    { work: 'install, one layer of 1 GB', unit: 'ms', bar: { ratio: 0.45 }, ...installed },
    ...Object.entries(memory).map(([step, figures]) => ({
      work: `memory over idle, ${step} of 1 GB`,
      unit: 'MB' as const,
      bar: { limit: 150 },
      figures,
    })),
  ];
}

async function measurePeaks(
  { fixtures, registry }: BenchmarkOptions,
  engines: readonly MeasuredEngine[],
  name: string,
): Promise<Readonly<Record<'create' | 'push' | 'install', Figures>>> {
  const peaks = { create: {}, push: {}, install: {} };
  for (const engine of engines.filter(({ kind }) => kind.name === 'Outboard')) {
    const { api } = engine;
    const steps = {
      create: () => create(api, name, fixtures.huge),
      push: () => push(api, name),
      install: () => install(api, name),
    };
    for (const step of ['create', 'push', 'install'] as const) {
      if (step === 'push') await registry.clear();
      if (step === 'install') await remove(api, name);
      const bytes = await peakMemory(engine, steps[step]);
      addFigure(peaks[step], engine.kind.name, bytes / megabyte);
    }
    await remove(api, name);
  }
  return peaks;
}

/** Copy a plugin out of the registry with skopeo, where it is installed. */
async function timeCopy(figures: Figures, name: string, { root }: BenchmarkOptions): Promise<void> {
  const directory = join(root, 'copy');
  const args = ['copy', '--quiet', '--src-tls-verify=false', `docker://${name}`, `dir:${directory}`];
  try {
    addFigure(figures, 'skopeo', await timed(() => execute('skopeo', args)));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  await rm(directory, { recursive: true, force: true });
}

/** Size of the first layer of a plugin in the registry, in bytes. */
async function layerSize(host: string, repository: string): Promise<number> {
  const accept = 'application/vnd.docker.distribution.manifest.v2+json';
  const response = await fetch(`http://${host}/v2/${repository}/manifests/latest`, {
    headers: { Accept: accept },
  });
  const manifest: unknown = await response.json();
  const { layers } = manifest as { readonly layers: readonly { readonly size: number }[] }; // as the engine pushed it
  return layers[0]?.size ?? Number.NaN;
}
