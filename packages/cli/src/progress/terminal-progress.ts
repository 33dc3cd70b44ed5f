/**
 * Progress for terminals: one row for each item, redrawn in place, with a bar if there is room.
 */
import type { OutputStream } from '../command-host.ts';
import type { ProgressLine } from './progress-line.ts';
import { formatRow } from './progress-row.ts';
import type { ProgressView } from './progress-view.ts';
import { describePushed } from './pushed.ts';

type Step = Extract<ProgressLine, { kind: 'step' }>;

/** A row on the screen, with the start of its current status. */
interface Row {
  readonly index: number;
  readonly status: string;
  readonly startedAtMs: number;
  readonly startedWith: number;
}

const defaultColumns = 80;
const defaultRows = 24;
/** Upper bound of kept rows: a hostile daemon must not fill the memory. */
const maxRows = 10_000;

/**
 * A view that redraws rows. Between calls the cursor is at the start of the line below the last row.
 * @param now a clock in milliseconds, for rates
 */
export function createTerminalProgress(output: OutputStream, now: () => number): ProgressView {
  let rows = new Map<string, Row>();

  function drawStep(step: Step): void {
    const columns = output.columns || defaultColumns;
    const known = rows.get(step.id);
    if (known === undefined && rows.size >= maxRows) rows = new Map();
    const row = updateRow(known, step, rows.size, now());
    rows.set(step.id, row);
    const text = formatRow(step, rateOf(row, step, now()), columns);
    if (known === undefined) {
      output.write(`${text}\n`);
      return;
    }
    const up = rows.size - row.index;
    // A row that has scrolled off the screen cannot be redrawn.
    if (up >= (output.rows || defaultRows)) return;
    output.write(`\u001b[${up}A\r\u001b[2K${text}\u001b[${up}B\r`);
  }

  function print(text: string): void {
    rows = new Map();
    output.write(`${text}\n`);
  }

  return {
    show(line) {
      switch (line.kind) {
        case 'step':
          return drawStep(line);
        case 'message':
          return print(line.id === '' ? line.status : `${line.id}: ${line.status}`);
        case 'pushed':
          return print(describePushed(line));
        case 'other':
          return;
      }
    },
  };
}

function updateRow(known: Row | undefined, step: Step, nextIndex: number, nowMs: number): Row {
  if (known !== undefined && known.status === step.status) return known;
  const index = known?.index ?? nextIndex;
  return { index, status: step.status, startedAtMs: nowMs, startedWith: step.current };
}

/** Bytes per second since the start of the status; 0 in the first second, when the rate is unstable. */
function rateOf(row: Row, step: Step, nowMs: number): number {
  const seconds = (nowMs - row.startedAtMs) / 1000;
  return seconds < 1 ? 0 : Math.max(0, step.current - row.startedWith) / seconds;
}
