/**
 * Selection and parameters of the measurements.
 */
import type { EngineKind } from './measured-engine.ts';
import type { PluginFixtures } from './plugin-fixtures.ts';
import type { BenchRegistry } from './registry.ts';
import type { Measurement } from './report.ts';

/** Groups that can be measured separately. */
export const benchmarkGroups = [
  'start',
  'package',
  'restart',
  'life',
  'files',
  'push',
  'layers',
  'huge',
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
  readonly registry: BenchRegistry;
  readonly fixtures: PluginFixtures;
  /** Number of timings of each piece of work. */
  readonly runs: number;
  /** Groups to measure. */
  readonly groups: readonly BenchmarkGroup[];
  readonly onStep: (text: string) => void;
  /** Called with the figures of each group when they are complete. */
  readonly onMeasured: (measurements: readonly Measurement[]) => void;
}
