/**
 * Values of `--format`: `table`, `json`, a template, or `table` and a template with tabs between columns.
 * @see docker/cli cli/command/formatter/formatter.go (28.x)
 */
import { CommandError } from '../command-error.ts';
import { callTemplateFunction } from '../template/functions.ts';
import { parseTemplate } from '../template/parse-template.ts';
import { type CallFunction, renderTemplate } from '../template/render-template.ts';
import { isText } from '../template/shown-text.ts';
import type { Template } from '../template/template-node.ts';
import { encodePrintableJson, escapeText } from '../terminal/escape-text.ts';
import { type FittingOrder, fitTable } from './fit-table.ts';
import { formatTable } from './table.ts';

/** A parsed format. */
export type OutputFormat =
  | { readonly kind: 'json' }
  | { readonly kind: 'table'; readonly columns?: Template | undefined }
  | { readonly kind: 'template'; readonly template: Template };

/** Default columns of a table, by header. */
export type Columns<Row> = Readonly<Record<string, (row: Row) => string>>;

/** Columns and headers of a command's table. */
export interface Table<Row> {
  readonly columns: Columns<Row>;
  /** Headers of all fields, for tables with a template. */
  readonly headers: Readonly<Record<string, string>>;
  /** Columns that a narrow terminal affects; default none. */
  readonly fitting?: FittingOrder | undefined;
}

/** Parse a format. @throws {CommandError} exit code 125 for an unknown word; 1 for a malformed template */
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

/** Format rows, each with a line end. @param width of a terminal that default columns are fitted into; default unlimited */
export function formatRows<Row extends object>(
  rows: readonly Row[],
  format: OutputFormat,
  { columns, headers, fitting }: Table<Row>,
  width?: number | undefined,
): string {
  switch (format.kind) {
    case 'json':
      return rows.map((row) => `${encodePrintableJson(row)}\n`).join('');
    case 'template':
      return rows.map((row) => `${renderTemplate(format.template, row)}\n`).join('');
    case 'table': {
      if (format.columns !== undefined) return formatTemplateTable(rows, format.columns, headers);
      const cells = rows.map((row) => Object.values(columns).map((cell) => escapeText(cell(row))));
      const table = [Object.keys(columns), ...cells];
      return formatTable(
        width === undefined || fitting === undefined ? table : fitTable(table, width, fitting),
      );
    }
  }
}

function formatTemplateTable(
  rows: readonly object[],
  columns: Template,
  headers: Readonly<Record<string, string>>,
): string {
  const names = new Set<unknown>(Object.values(headers));
  // Functions of values return headers unchanged; those that lay text out are called (templates.go, HeaderFunctions).
  const keepHeader: CallFunction = (name, values) => {
    if (layoutFunctions.has(name)) return callTemplateFunction(name, values);
    return values.find((value) => names.has(value)) ?? values.find(isText) ?? '';
  };
  const header = renderTemplate(columns, headers, keepHeader);
  const lines = [header, ...rows.map((row) => renderTemplate(columns, row))];
  return formatTable(lines.map((line) => line.split('\t')));
}

const layoutFunctions = new Set(['print', 'println', 'printf', 'pad', 'html', 'js', 'urlquery']);

/** Format one document. @param text output for `table` without a template */
export function formatDocument(document: object, format: OutputFormat, text: string): string {
  switch (format.kind) {
    case 'json':
      return `${encodePrintableJson(document)}\n`;
    case 'template':
      return `${renderTemplate(format.template, document)}\n`;
    case 'table': {
      if (format.columns === undefined) return text;
      const headers = Object.fromEntries(Object.keys(document).map((key) => [key, key.toUpperCase()]));
      return formatTemplateTable([document], format.columns, headers);
    }
  }
}
