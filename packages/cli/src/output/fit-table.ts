/**
 * Fits a table to the width of a terminal: columns are dropped in a stated order, then texts are truncated.
 */
import { truncateToWidth } from '../terminal/display-width.ts';
import { columnWidths } from './table.ts';

/** Columns of a table, by header, that a narrow terminal affects. */
export interface FittingOrder {
  /** Columns that are dropped, the first one first. */
  readonly drop: readonly string[];
  /** Columns whose texts are truncated after that, the first one first. */
  readonly shrink: readonly string[];
}

/** Least width of a truncated text. */
const minTextWidth = 8;

/**
 * Fit a table.
 * @param rows the first one has the headers
 * @param width in columns of a terminal
 * @returns rows for `formatTable()`; wider than the terminal if nothing is left to drop or to truncate
 */
export function fitTable(
  rows: readonly (readonly string[])[],
  width: number,
  { drop, shrink }: FittingOrder,
): readonly (readonly string[])[] {
  let fitted = rows;
  for (const header of drop) {
    if (excessOf(fitted, width) <= 0) return fitted;
    const dropped = fitted[0]?.indexOf(header) ?? -1;
    if (dropped >= 0) fitted = fitted.map((row) => row.filter((_, column) => column !== dropped));
  }
  for (const header of shrink) {
    const excess = excessOf(fitted, width);
    if (excess <= 0) return fitted;
    const shrunk = fitted[0]?.indexOf(header) ?? -1;
    const textWidth = columnWidths(fitted)[shrunk];
    if (textWidth === undefined) continue;
    const limit = Math.max(minTextWidth, textWidth - excess);
    fitted = fitted.map((row) =>
      row.map((cell, column) => (column === shrunk ? truncateToWidth(cell, limit) : cell)),
    );
  }
  return fitted;
}

function excessOf(rows: readonly (readonly string[])[], width: number): number {
  const widths = columnWidths(rows, { padded: true });
  return widths.reduce((sum, each) => sum + each, 0) - width;
}
