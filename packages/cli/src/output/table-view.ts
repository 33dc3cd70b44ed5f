/**
 * Flags of commands that print a table: which columns, and how wide.
 */
import { CommandError } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';
import type { OutputFormat, Table } from './output-format.ts';

/** Flags of `tableOptions()`. */
export interface TableFlags {
  /** Names of columns, separated by commas. */
  readonly columns?: string | undefined;
  /** False to show everything, however wide. */
  readonly trunc?: boolean | undefined;
}

/** The width to fit a table into: undefined for files and pipes, whose content does not depend on a terminal. */
export function availableWidth({ stdout, env }: CommandHost, { trunc }: TableFlags = {}): number | undefined {
  if (stdout.isTTY !== true || trunc === false) return undefined;
  const wanted = env.COLUMNS;
  if (wanted !== undefined && /^[1-9]\d{0,4}$/.test(wanted)) return Number(wanted);
  return stdout.columns === undefined || stdout.columns < 1 ? undefined : stdout.columns;
}

/**
 * The table with the columns of `--columns`; none of them is dropped in a narrow terminal.
 * @throws {CommandError} exit code 125 for an unknown column, and for a format that is no plain table
 */
export function chooseColumns<Row extends object>(
  table: Table<Row>,
  { columns }: TableFlags,
  format: OutputFormat,
): Table<Row> {
  if (columns === undefined) return table;
  if (format.kind !== 'table' || format.columns !== undefined) {
    throw new CommandError('--columns is for tables: omit it, or --format', { exitCode: 125 });
  }
  const chosen = columns.split(',').map((name) => columnOf(table, name.trim()));
  return {
    ...table,
    columns: Object.fromEntries(chosen),
    fitting: { drop: [], shrink: table.fitting?.shrink ?? [] },
  };
}

/** Find a column by its header, as `mem-usage-limit`, or by its field in templates, as `MemUsage`. */
function columnOf<Row extends object>(
  { columns, headers }: Table<Row>,
  name: string,
): readonly [string, (row: Row) => string] {
  const wanted = name.toLowerCase();
  const match = Object.entries(headers).find(
    ([field, header]) => columnName(header) === wanted || field.toLowerCase() === wanted,
  );
  if (match === undefined) {
    const names = Object.values(headers).map(columnName);
    throw new CommandError(`there is no column "${name}", only ${names.join(', ')}`, { exitCode: 125 });
  }
  const [field, header] = match;
  // Rows have the fields of their headers.
  const ofField = (row: Row) => String((row as Record<string, unknown>)[field] ?? '') || '-';
  return [header, columns[header] ?? ofField];
}

/** `MEM USAGE / LIMIT` as `mem-usage-limit`. */
function columnName(header: string): string {
  return (
    header
      .toLowerCase()
      .match(/[a-z0-9]+/g)
      ?.join('-') ?? ''
  );
}
