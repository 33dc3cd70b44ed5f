/**
 * Selection and parameters of the measurements.
 */
import type { EngineKind } from './measured-engine.ts';
import type { PluginFixtures } from './plugin-fixtures.ts';
import type { Measurement } from './report.ts';

/** Groups that can be measured separately. */
export const benchmarkGroups = [
  'start',
  'package',
  'restart',
  'life',
  'files',
  'memory',
  'list',
  'gateway',
] as const;
/** Name of a group. */
export type BenchmarkGroup = (typeof benchmarkGroups)[number];

/** Options of one run of the benchmark. */
export interface BenchmarkOptions {
  readonly kinds: readonly EngineKind[];
  /** A directory on tmpfs. */
  readonly root: string;
  /** `127.0.0.1:PORT` */
  readonly registry: string;
  readonly fixtures: PluginFixtures;
  /** Number of timings of each piece of work. */
  readonly runs: number;
  /** Groups to measure. */
  readonly groups: readonly BenchmarkGroup[];
  readonly onStep: (text: string) => void;
  /** Called with the figures of each group when they are complete. */
  readonly onMeasured: (measurements: readonly Measurement[]) => void;
}

/** Figures of one piece of work, by engine. */
export type Figures = Partial<Record<EngineKind['name'], number[]>>;

/** Append a figure to those of one engine. */
export function addFigure(figures: Figures, name: EngineKind['name'], figure: number): void {
  figures[name] = [...(figures[name] ?? []), figure];
}
