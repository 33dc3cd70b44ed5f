/**
 * Figures of measurements, by the program that was measured.
 */

/** An engine that is measured. */
export type EngineName = 'Docker' | 'Outboard';

/** A program under measurement. */
export type MeasuredName = EngineName | 'skopeo';

/** Figures of one piece of work, by program. */
export type Figures = Partial<Record<MeasuredName, number[]>>;

/** Times of one piece of work, in milliseconds. */
export interface Timings {
  /** By the clock, until the answer. */
  readonly figures: Figures;
  /** Of processors, with the work that the engine does after its answer. */
  readonly processor: Figures;
}

/** Timings without a figure yet. */
export function noTimings(): Timings {
  return { figures: {}, processor: {} };
}

/** Append a figure to those of one program. */
export function addFigure(figures: Figures, name: MeasuredName, figure: number): void {
  figures[name] = [...(figures[name] ?? []), figure];
}
