/**
 * What draws progress, on a terminal or elsewhere.
 */
import type { ProgressLine } from './progress-line.ts';

/** Draws progress, line by line. */
export interface ProgressView {
  show(line: ProgressLine): void;
}
