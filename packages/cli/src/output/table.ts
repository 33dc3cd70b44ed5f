/**
 * Tables in Docker's form: columns at least ten wide, three spaces apart.
 * @see docker/cli cli/command/formatter/formatter.go, `tabwriter.NewWriter(out, 10, 1, 3, ' ', 0)` (28.x)
 */

const minColumnWidth = 10;
const columnGap = 3;

/** Format rows as a table. @returns lines without trailing padding, each ended by a newline */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      const width = Math.max(minColumnWidth, countCharacters(cell) + columnGap);
      widths[column] = Math.max(widths[column] ?? 0, width);
    });
  }
  return rows.map((row) => `${formatRow(row, widths)}\n`).join('');
}

function formatRow(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, column) => {
      if (column === row.length - 1) return cell;
      return cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - countCharacters(cell)));
    })
    .join('');
}

function countCharacters(text: string): number {
  return [...text].length;
}
