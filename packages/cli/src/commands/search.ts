/**
 * `outboard search`: plugins that are known to install, of the shipped list or of one's own. No registry is asked.
 */
import type { ListedPlugin } from '@outboard/authoring';
import { CommandError } from '../command-error.ts';
import { parseFilters } from '../options/list-filters.ts';
import { formatRows, parseFormat, type Table } from '../output/output-format.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';

/** Flags of `outboard search`. */
export interface SearchOptions {
  /** Path or `https:` URL. */
  readonly catalog?: string | undefined;
  /** `kind=volume` */
  readonly filter?: readonly string[] | undefined;
  readonly format: string;
  /** False for `--no-trunc`. */
  readonly trunc?: boolean | undefined;
}

const shortDescriptionLength = 45;

/** Print the plugins that match, by name. */
export async function search(
  { host, signal }: CommandContext,
  term: string | undefined,
  options: SearchOptions,
): Promise<void> {
  const format = parseFormat(options.format);
  const filters = parseFilters(options.filter ?? []);
  const other = Object.keys(filters).find((key) => key !== 'kind');
  if (other !== undefined)
    throw new CommandError(`invalid filter "${other}": want kind=KIND`, { exitCode: 125 });
  const { loadPluginList, searchPlugins } = await import('@outboard/authoring');
  const list = await loadPluginList(options.catalog, { signal });
  const found = searchPlugins(list, { term, kinds: Object.keys(filters.kind ?? {}) });
  const rows = found.map((plugin) => toRow(plugin, options.trunc !== false));
  host.stdout.write(formatRows(rows, format, table));
  if (format.kind === 'table' && format.columns === undefined) {
    host.stderr.write(
      `${escapeText(`${found.length} of ${list.plugins.length} plugins, reviewed ${list.reviewed}`)}\n`,
    );
  }
}

/** A row with the fields of templates. */
function toRow(plugin: ListedPlugin, isShort: boolean) {
  const { description, kinds, lastRelease, name, privileges } = plugin;
  const isCut = isShort && description.length > shortDescriptionLength;
  return {
    Name: name,
    Kinds: kinds.join(','),
    License: plugin.license,
    LastRelease: lastRelease?.version ?? '',
    ReleaseDate: lastRelease?.date ?? '',
    Description: isCut ? `${description.slice(0, shortDescriptionLength - 1)}…` : description,
    Privileges: privileges,
    Note: plugin.note ?? '',
    Homepage: plugin.homepage,
  };
}

const table: Table<ReturnType<typeof toRow>> = {
  columns: {
    NAME: ({ Name }) => Name,
    KIND: ({ Kinds }) => Kinds,
    LICENSE: ({ License }) => License,
    RELEASE: ({ LastRelease }) => LastRelease || '-',
    PRIVILEGES: ({ Privileges }) => String(Privileges.length),
    DESCRIPTION: ({ Description }) => Description,
  },
  headers: {
    Name: 'NAME',
    Kinds: 'KIND',
    License: 'LICENSE',
    LastRelease: 'RELEASE',
    ReleaseDate: 'RELEASED',
    Description: 'DESCRIPTION',
    Privileges: 'PRIVILEGES',
    Note: 'NOTE',
    Homepage: 'HOMEPAGE',
  },
};
