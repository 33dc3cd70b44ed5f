/**
 * Tables in Docker's form: columns at least ten wide, three spaces apart.
 * @see docker/cli cli/command/formatter/formatter.go, `tabwriter.NewWriter(out, 10, 1, 3, ' ', 0)` (28.x)
 */
import { displayWidth } from '../terminal/display-width.ts';

const minColumnWidth = 10;
const columnGap = 3;

/** Format rows as a table. @returns lines without trailing padding, each ended by a newline */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = columnWidths(rows, { padded: true });
  return rows.map((row) => `${formatRow(row, widths)}\n`).join('');
}

/** Widths of the texts of each column, or of the columns with the space after them, which the last one lacks. */
export function columnWidths(
  rows: readonly (readonly string[])[],
  { padded = false }: { readonly padded?: boolean } = {},
): readonly number[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      const width = displayWidth(cell);
      const isLast = column === row.length - 1;
      const taken = isLast || !padded ? width : Math.max(minColumnWidth, width + columnGap);
      widths[column] = Math.max(widths[column] ?? 0, taken);
    });
  }
  return widths;
}

function formatRow(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, column) => {
      if (column === row.length - 1) return cell;
      return cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - displayWidth(cell)));
    })
    .join('');
}
