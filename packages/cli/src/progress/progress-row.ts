/**
 * The text of one progress row, fitted to the width of the terminal.
 */
import { formatBytes } from '../terminal/format-bytes.ts';

/** Progress of one item; texts are escaped. */
export interface RowState {
  readonly id: string;
  readonly status: string;
  readonly current: number;
  readonly total: number;
}

const maxBarWidth = 50;
const minBarWidth = 10;
/** Longest size, such as `400.1MB`. */
const sizeWidth = 7;

/**
 * `id: status [==>   ]  sizes  rate`. On a narrow terminal the rate is dropped first, then the bar, then the end of the text.
 * @param bytesPerSecond 0 for none
 * @param columns width of the terminal; the last column stays free, because terminals wrap after it
 */
export function formatRow(state: RowState, bytesPerSecond: number, columns: number): string {
  const width = Math.max(1, columns - 1);
  const head = `${state.id}: ${state.status}`;
  if (state.current === 0 && state.total === 0) return cut(head, width);
  const sizes = formatSizes(state);
  const rate = bytesPerSecond > 0 ? `  ${formatBytes(bytesPerSecond)}/s` : '';
  // Padding keeps the width of the bar constant while numbers change.
  const tail = `  ${sizes.padEnd(2 * sizeWidth + 1)}`;
  for (const end of [`${tail}${rate.padEnd(sizeWidth + 4)}`, tail]) {
    // One space and two brackets around the bar.
    const room = Math.min(maxBarWidth, width - head.length - end.length - 3);
    if (state.total > 0 && room >= minBarWidth) return `${head} [${formatBar(state, room)}]${end}`.trimEnd();
  }
  return cut(`${head}  ${sizes}`, width);
}

/** A daemon may count past the total, as after a resumed download. */
function formatSizes({ current, total }: RowState): string {
  if (total === 0) return formatBytes(current);
  return `${formatBytes(Math.min(current, total))}/${formatBytes(total)}`;
}

function formatBar({ current, total }: RowState, width: number): string {
  const filled = Math.floor((Math.min(current, total) / total) * width);
  return (filled === width ? '='.repeat(width) : `${'='.repeat(filled)}>`).padEnd(width);
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
