/**
 * The life of a plugin: create, install, enable, disable, remove, with few large files and with many small ones.
 */
import type { BenchmarkOptions } from './benchmark-options.ts';
import { noTimings } from './figures.ts';
import { type MeasuredEngine, settle } from './measured-engine.ts';
import { create, disable, enable, install, publishFirst, remove } from './plugin-work.ts';
import type { Measurement } from './report.ts';

/** Measure the big plugin, and the start of one that listens at once. */
export async function measureLifeCycle(
  options: BenchmarkOptions,
  engines: readonly MeasuredEngine[],
): Promise<readonly Measurement[]> {
  const made = noTimings();
  const installed = noTimings();
  const enabled = noTimings();
  const enabledNode = noTimings();
  const disabled = noTimings();
  const removed = noTimings();
  const name = `${options.registry.host}/bench/big:latest`;
  await publishFirst(engines, name, options.fixtures.big);
  for (let run = 0; run < options.runs; run++) {
    for (const engine of engines) {
      const { kind, api } = engine;
      await settle();
      await engine.time(made, () => create(api, name, options.fixtures.big));
      await remove(api, name);
      await settle();
      await engine.time(installed, () => install(api, name));
      await engine.time(enabledNode, () => enable(api, name));
      await engine.time(disabled, () => disable(api, name));
      await engine.time(removed, () => remove(api, name));
      const light = `bench/${kind.name.toLowerCase()}-light:latest`;
      await create(api, light, options.fixtures.light);
      await settle();
      await engine.time(enabled, () => enable(api, light));
      await remove(api, light);
    }
    options.onStep(`big plugin, run ${run + 1} of ${options.runs}`);
  }
  const unit = 'ms';
  return [
    { work: 'install, 100 MB in few files', unit, bar: { ratio: 0.45 }, ...installed },
    { work: 'enable, until the socket accepts', unit, bar: { ratio: 0.12 }, ...enabled },
    {
      work: 'enable, a Node.js plugin (its own start included)',
      unit,
      bar: { ratio: 0.12 },
      ...enabledNode,
    },
    { work: 'create, 100 MB in few files', unit, bar: { ratio: 0.25 }, ...made },
    { work: 'disable', unit, bar: { ratio: 1 }, ...disabled },
    { work: 'remove', unit, bar: { ratio: 1 }, ...removed },
  ];
}

/** Measure the installation of many small files. */
export async function measureManyFiles(
  options: BenchmarkOptions,
  engines: readonly MeasuredEngine[],
): Promise<readonly Measurement[]> {
  const installed = noTimings();
  const name = `${options.registry.host}/bench/many:latest`;
  await publishFirst(engines, name, options.fixtures.many);
  for (let run = 0; run < options.runs; run++) {
    for (const engine of engines) {
      await settle();
      await engine.time(installed, () => install(engine.api, name));
      await remove(engine.api, name);
    }
    options.onStep(`many files, run ${run + 1} of ${options.runs}`);
  }
  return [{ work: 'install, 58,000 small files', unit: 'ms', bar: { ratio: 0.35 }, ...installed }];
}
