/**
 * Figures of a load as a value for programs, and as tables for people.
 */
import type { EngineFacts } from './engine-facts.ts';
import type { LoadResults } from './mixed-load.ts';
import type { ScaleFigure } from './scale.ts';

/** Results of a load. */
interface Measured extends LoadResults {
  readonly before: EngineFacts;
  readonly after: EngineFacts;
  /** Of the daemon during the load, in bytes. */
  readonly memorySamples: readonly number[];
  readonly processorMs: number;
  /** Leftovers when all plugins are removed and the daemon has ended. */
  readonly left: readonly string[];
}

/** Sort durations and compare resources. @param parameters of the load, repeated in the result */
export function summariseLoad<Parameters extends object>(parameters: Parameters, measured: Measured) {
  const { durations, errors, before, after, memorySamples, processorMs, left } = measured;
  const operations = [...durations].map(([operation, figures]) => {
    const sorted = [...figures].sort((a, b) => a - b);
    const at = (share: number) =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
    const [p50, p90, p99] = [at(0.5), at(0.9), at(0.99)];
    return { operation, count: sorted.length, p50, p90, p99, max: sorted.at(-1) ?? Number.NaN };
  });
  operations.sort((a, b) => (a.operation < b.operation ? -1 : 1));
  const memory = compareQuarters(memorySamples);
  return { parameters, operations, errors, before, after, memory, processorMs, left };
}

/** Means of the first and the last quarter: one sample depends on when garbage was collected. */
function compareQuarters(samples: readonly number[]) {
  const count = Math.max(1, samples.length >> 2);
  const mean = (part: readonly number[]) => part.reduce((sum, bytes) => sum + bytes, 0) / part.length;
  const [first, last] = [mean(samples.slice(0, count)), mean(samples.slice(-count))];
  return { first, last, growth: last / first - 1 };
}

/** The result as a table with aligned columns, and the lines after it. */
export function formatLoad(result: ReturnType<typeof summariseLoad>): string {
  const rows = result.operations.map(({ operation, count, p50, p90, p99, max }) => [
    operation,
    String(count),
    ...[p50, p90, p99, max].map((ms) => `${ms.toFixed(1)} ms`),
  ]);
  const { before, after, errors, memory, processorMs, left } = result;
  const megabytes = (bytes: number) => (bytes / 1_000_000).toFixed(1);
  return [
    ...align([['operation', 'count', 'p50', 'p90', 'p99', 'max'], ...rows]),
    '',
    `errors: ${errors.length}`,
    ...errors.slice(0, 10).map((error) => `  ${error}`),
    `memory: ${megabytes(memory.first)} MB in the first quarter, ${megabytes(memory.last)} MB in the last (${(memory.growth * 100).toFixed(1)} %)`,
    `descriptors: ${before.descriptors} before, ${after.descriptors} after`,
    `processors: ${(processorMs / 1000).toFixed(1)} s`,
    `left when all is removed: ${left.length === 0 ? 'nothing' : left.join(', ')}`,
  ].join('\n');
}

/** A row for each operation, a column for each number of plugins. */
export function formatScale({ figures }: { readonly figures: readonly ScaleFigure[] }): string {
  const counts = [...new Set(figures.map(({ plugins }) => plugins))];
  const names = [...new Set(figures.map(({ operation }) => operation))];
  const rows = names.map((name) => [
    name,
    ...counts.map((count) => {
      const figure = figures.find(({ operation, plugins }) => operation === name && plugins === count);
      return figure === undefined
        ? ''
        : `${figure.wallMs.toFixed(1)} ms (${figure.processorMs.toFixed(1)} ms)`;
    }),
  ]);
  return align([['operation', ...counts.map((count) => `${count} plugins`)], ...rows]).join('\n');
}

function align(lines: readonly (readonly string[])[]): readonly string[] {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
