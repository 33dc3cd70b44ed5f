/**
 * Output of progress, on terminals or as plain lines.
 */
import type { ProgressLine } from './progress-line.ts';

/** Draws progress, line by line. */
export interface ProgressView {
  show(line: ProgressLine): void;
}
