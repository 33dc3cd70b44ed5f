/**
 * `outboard ls`
 * @see docker/cli cli/command/plugin/list.go and formatter.go (28.x)
 */
import { type ListFilters, listPlugins } from '../client/plugin-api.ts';
import type { PluginSummary } from '../client/plugin-documents.ts';
import { CommandError } from '../command-error.ts';
import { encodePrintableJson, escapeText } from '../terminal/escape-text.ts';
import { formatTemplate } from '../terminal/format-template.ts';
import { formatTable } from '../terminal/table.ts';
import type { CommandContext } from './command-context.ts';

export interface ListOptions {
  readonly quiet?: boolean;
  /** False for whole IDs and descriptions. */
  readonly trunc?: boolean;
  /** `KEY=VALUE` */
  readonly filter?: readonly string[];
  /** `table`, `json` or a template. */
  readonly format?: string;
}

const shortIdLength = 12;
const shortDescriptionLength = 45;

/** Print the plugins, sorted by name. */
export async function list({ client, host }: CommandContext, options: ListOptions): Promise<void> {
  const plugins = await listPlugins(client, parseFilters(options.filter ?? []));
  const isShort = options.trunc !== false;
  const rows = [...plugins].sort(byName).map((plugin) => toRow(plugin, isShort));
  host.stdout.write(formatRows(rows, options));
}

/** Docker's names of the columns. */
interface Row {
  readonly Description: string;
  readonly Enabled: boolean;
  readonly ID: string;
  readonly Name: string;
  readonly PluginReference: string;
}

function formatRows(rows: readonly Row[], { quiet, format = 'table' }: ListOptions): string {
  if (quiet === true) return rows.map((row) => `${escapeText(row.ID)}\n`).join('');
  if (format === 'json') return rows.map((row) => `${encodePrintableJson(row)}\n`).join('');
  if (format !== 'table') return rows.map((row) => `${formatTemplate(format, row)}\n`).join('');
  const cells = rows.map((row) => [row.ID, row.Name, row.Description, String(row.Enabled)].map(escapeText));
  return formatTable([['ID', 'NAME', 'DESCRIPTION', 'ENABLED'], ...cells]);
}

function toRow(plugin: PluginSummary, isShort: boolean): Row {
  const description = plugin.description.replaceAll(/[\r\n]/g, '');
  return {
    Description: isShort ? shorten(description) : description,
    Enabled: plugin.isEnabled,
    ID: isShort ? plugin.id.slice(0, shortIdLength) : plugin.id,
    Name: plugin.name,
    PluginReference: plugin.reference,
  };
}

function shorten(text: string): string {
  const characters = [...text];
  if (characters.length <= shortDescriptionLength) return text;
  return `${characters.slice(0, shortDescriptionLength - 1).join('')}…`;
}

/** Numbers in names by value, as Docker sorts them. */
function byName(left: PluginSummary, right: PluginSummary): number {
  return left.name.localeCompare(right.name, 'en', { numeric: true }) || (left.id < right.id ? -1 : 1);
}

function parseFilters(filters: readonly string[]): ListFilters {
  const parsed = new Map<string, Record<string, true>>();
  for (const filter of filters) {
    const equals = filter.indexOf('=');
    if (equals < 0) {
      throw new CommandError(`invalid filter "${filter}": it must be NAME=VALUE, such as enabled=true`);
    }
    const key = filter.slice(0, equals).trim().toLowerCase();
    parsed.set(key, { ...parsed.get(key), [filter.slice(equals + 1).trim()]: true });
  }
  return Object.fromEntries(parsed);
}
