/**
 * The output of `inspect` commands.
 * @see docker/cli cli/command/inspect/inspector.go (28.x)
 */
import { CommandError } from '../command-error.ts';
import { renderTemplate } from '../template/render-template.ts';
import { encodePrintableJson } from '../terminal/escape-text.ts';
import { type OutputFormat, parseFormat } from './output-format.ts';

/** A format without tables; undefined for the default, indented JSON. */
export type InspectFormat = Exclude<OutputFormat, { kind: 'table' }> | undefined;

/** Parse the flag `--format`. @throws {CommandError} as `parseFormat()`, and for a table */
export function parseInspectFormat(format: string | undefined): InspectFormat {
  const wanted = format === undefined || format === '' ? undefined : parseFormat(format);
  if (wanted?.kind !== 'table') return wanted;
  throw new CommandError('inspect has no table: the format must be json or a template');
}

/**
 * Format documents.
 * @param prepare makes the document for templates, such as with fields that JSON omits
 */
export function formatInspected(
  documents: readonly object[],
  format: InspectFormat,
  prepare: (document: object) => object,
): string {
  if (format === undefined) return `${encodePrintableJson(documents, 4)}\n`;
  if (format.kind === 'json') return `${encodePrintableJson(documents)}\n`;
  const { template } = format;
  return documents.map((document) => `${renderTemplate(template, prepare(document))}\n`).join('');
}

/** A document with values for keys that are absent or null, as Go's zero values. */
export function withEmptyFields(document: object, emptyFields: Readonly<Record<string, unknown>>): object {
  const given = Object.entries(document).filter(([key, value]) => value !== null || !(key in emptyFields));
  return { ...emptyFields, ...Object.fromEntries(given) };
}
