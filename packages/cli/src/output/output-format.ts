/**
 * What `--format` says: `table`, `json`, a template, or `table` and a template whose tabs are columns.
 * @see docker/cli cli/command/formatter/formatter.go (28.x)
 */
import { CommandError } from '../command-error.ts';
import { parseTemplate } from '../template/parse-template.ts';
import { type CallFunction, renderTemplate } from '../template/render-template.ts';
import type { Nodes } from '../template/template-node.ts';
import { encodePrintableJson, escapeText } from '../terminal/escape-text.ts';
import { formatTable } from './table.ts';

/** A format that was understood. */
export type OutputFormat =
  | { readonly kind: 'json' }
  | { readonly kind: 'table'; readonly columns?: Nodes }
  | { readonly kind: 'template'; readonly template: Nodes };

/** The columns of a table that nobody described, by their headers. */
export type Columns<Row> = Readonly<Record<string, (row: Row) => string>>;

/** How a command shows its rows. */
export interface Table<Row> {
  readonly columns: Columns<Row>;
  /** Headers of all fields, for tables that a template describes. */
  readonly headers: Readonly<Record<string, string>>;
}

/** @throws {CommandError} exit code 125 for a word that is no format; 1 for a template that is wrong */
export function parseFormat(text: string): OutputFormat {
  if (text === 'json') return { kind: 'json' };
  if (text === 'table') return { kind: 'table' };
  const columns = /^table\s+(.*)$/s.exec(text)?.[1];
  if (columns?.includes('{{')) return { kind: 'table', columns: parseTemplate(columns) };
  if (text.includes('{{') || text.includes('}}')) return { kind: 'template', template: parseTemplate(text) };
  throw new CommandError(
    `invalid format "${text}": it must be table, json, a template such as '{{.Name}}', or 'table {{.Name}}\\t{{.State}}'`,
    { exitCode: 125 },
  );
}

/** Rows as the format wants them, with a line end each. */
export function formatRows<Row extends object>(
  rows: readonly Row[],
  format: OutputFormat,
  { columns, headers }: Table<Row>,
): string {
  switch (format.kind) {
    case 'json':
      return rows.map((row) => `${encodePrintableJson(row)}\n`).join('');
    case 'template':
      return rows.map((row) => `${renderTemplate(format.template, row)}\n`).join('');
    case 'table': {
      if (format.columns !== undefined) return formatDescribedTable(rows, format.columns, headers);
      const cells = rows.map((row) => Object.values(columns).map((cell) => escapeText(cell(row))));
      return formatTable([Object.keys(columns), ...cells]);
    }
  }
}

function formatDescribedTable(
  rows: readonly object[],
  columns: Nodes,
  headers: Readonly<Record<string, string>>,
): string {
  const names = new Set<unknown>(Object.values(headers));
  // Functions leave a header as it is, as in Docker (templates.go, HeaderFunctions).
  const leaveHeader: CallFunction = (_name, values) => values.find((value) => names.has(value)) ?? '';
  const header = renderTemplate(columns, headers, leaveHeader);
  const lines = [header, ...rows.map((row) => renderTemplate(columns, row))];
  return formatTable(lines.map((line) => line.split('\t')));
}

/** One document as the format wants it. @param words what a person reads, when no template says otherwise */
export function formatDocument(document: object, format: OutputFormat, words: string): string {
  switch (format.kind) {
    case 'json':
      return `${encodePrintableJson(document)}\n`;
    case 'template':
      return `${renderTemplate(format.template, document)}\n`;
    case 'table': {
      if (format.columns === undefined) return words;
      const headers = Object.fromEntries(Object.keys(document).map((key) => [key, key.toUpperCase()]));
      return formatDescribedTable([document], format.columns, headers);
    }
  }
}
