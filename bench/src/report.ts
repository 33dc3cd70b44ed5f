/**
 * Figures as a table for people and as JSON for programs.
 */
import type { Figures } from './figures.ts';

/** One measured quantity, with several figures for each engine. */
export interface Measurement {
  readonly work: string;
  readonly unit: 'ms' | 'requests/s' | 'MB';
  /** A ratio to Docker's figure, or a limit of Outboard's own where Docker Engine has nothing like it. */
  readonly bar: ({ readonly ratio: number } | { readonly limit: number }) & { readonly isMinimum?: boolean };
  readonly figures: Figures;
  /** Milliseconds of processors for the same work, where they are counted. */
  readonly processor?: Figures;
}

function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** Medians, ratios and comparison with the bars. */
export function summarise(measurements: readonly Measurement[]) {
  return measurements.map(({ work, unit, bar, figures, processor }) => {
    const { outboard, docker, ratio } = compare(figures);
    const [measured, wanted] = 'limit' in bar ? [outboard, bar.limit] : [ratio, bar.ratio];
    const isMet =
      measured === undefined ? undefined : bar.isMinimum === true ? measured >= wanted : measured <= wanted;
    const skopeo = figures.skopeo && median(figures.skopeo);
    const processorMs = processor && compare(processor);
    return { work, unit, outboard, docker, ratio, bar, isMet, skopeo, processorMs, figures, processor };
  });
}

function compare(figures: Figures) {
  const outboard = median(figures.Outboard ?? []);
  const docker = figures.Docker === undefined ? undefined : median(figures.Docker);
  return { outboard, docker, ratio: docker === undefined ? undefined : outboard / docker };
}

const titles = ['work', 'Outboard', 'Docker', 'ratio', 'bar', '', 'CPU Outboard', 'CPU Docker', 'ratio'];

/** Format measurements as a table with aligned columns. */
export function formatTable(measurements: readonly Measurement[]): string {
  const rows = summarise(measurements).map(
    ({ work, unit, outboard, docker, ratio, bar, isMet, skopeo, processorMs }) => [
      skopeo === undefined ? work : `${work} (skopeo copy: ${format(skopeo)} ${unit})`,
      `${format(outboard)} ${unit}`,
      'limit' in bar ? '' : docker === undefined ? 'not measured' : `${format(docker)} ${unit}`,
      formatRatio(ratio),
      `${bar.isMinimum === true ? '>=' : '<='} ${'limit' in bar ? `${bar.limit} ${unit}` : bar.ratio}`,
      isMet === undefined ? '' : isMet ? 'met' : 'MISSED',
      formatSeconds(processorMs?.outboard),
      formatSeconds(processorMs?.docker),
      formatRatio(processorMs?.ratio),
    ],
  );
  const lines = [titles, ...rows];
  const widths = titles.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function formatRatio(ratio: number | undefined): string {
  return ratio === undefined || Number.isNaN(ratio) ? '' : ratio.toFixed(2);
}

/** Processor time in seconds. */
function formatSeconds(milliseconds: number | undefined): string {
  return milliseconds === undefined || Number.isNaN(milliseconds)
    ? ''
    : `${(milliseconds / 1000).toFixed(3)} s`;
}

function format(figure: number): string {
  if (figure >= 100) return figure.toFixed(0);
  return figure.toFixed(figure >= 10 ? 1 : 2);
}
