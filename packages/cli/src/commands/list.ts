/**
 * `outboard ls`
 * @see docker/cli cli/command/plugin/list.go and formatter.go (28.x)
 */
import { listRunningPlugins } from '../client/outboard-api.ts';
import { listPlugins } from '../client/plugin-api.ts';
import type { PluginSummary, RunningPlugin } from '../client/plugin-documents.ts';
import { parseFilters } from '../options/list-filters.ts';
import { formatRows, parseFormat, type Table } from '../output/output-format.ts';
import { availableWidth, chooseColumns, type TableFlags } from '../output/table-view.ts';
import { escapeText } from '../terminal/escape-text.ts';
import { formatBytes } from '../terminal/format-bytes.ts';
import { formatDuration } from '../terminal/format-duration.ts';
import type { CommandContext } from './command-context.ts';

/** Flags of `outboard ls`. */
export interface ListOptions extends TableFlags {
  readonly quiet?: boolean | undefined;
  /** `KEY=VALUE` */
  readonly filter?: readonly string[] | undefined;
  /** In the form of `parseFormat`. */
  readonly format?: string | undefined;
}

const shortIdLength = 12;
const shortDescriptionLength = 45;

/** Print the plugins, sorted by name: with their state if the daemon reports it, else with Docker's columns. */
export async function list({ client, host }: CommandContext, options: ListOptions): Promise<void> {
  const filters = parseFilters(options.filter ?? []);
  const isShort = options.trunc !== false;
  const format = parseFormat(options.format ?? 'table');
  const show = <Shown extends Row>(rows: readonly Shown[], all: Table<Shown>): string => {
    const shown = chooseColumns(all, options, format);
    if (options.quiet === true) return rows.map((row) => `${escapeText(row.ID)}\n`).join('');
    return formatRows(rows, format, shown, availableWidth(host, options));
  };
  // Refuses an unknown column before any request.
  chooseColumns(runningTable, options, format);
  const running = options.quiet === true ? undefined : await listRunningPlugins(client, filters);
  if (running !== undefined) {
    const now = new Date();
    const rows = [...running].sort(byName).map((plugin) => toRunningRow(plugin, isShort, now));
    host.stdout.write(show(rows, tableFor(rows)));
  } else {
    const rows = [...(await listPlugins(client, filters))]
      .sort(byName)
      .map((plugin) => toRow(plugin, isShort));
    host.stdout.write(show(rows, table));
  }
}

/** A row with Docker's field names. */
interface Row {
  readonly Description: string;
  readonly Enabled: boolean;
  readonly ID: string;
  readonly Name: string;
  readonly PluginReference: string;
}

/** A row with the fields of Outboard's daemon. */
interface RunningRow extends Row {
  readonly State: string;
  readonly Health: string;
  readonly Restarts: string;
  readonly Uptime: string;
  readonly Memory: string;
  readonly OOMKills: number;
  readonly Architecture: string;
  readonly Digest: string;
  /** Name of the plugin for other engines, and the path of its socket for them; '' without one. */
  readonly Alias: string;
  readonly Socket: string;
}

const table: Table<Row> = {
  columns: {
    ID: ({ ID }) => ID,
    NAME: ({ Name }) => Name,
    DESCRIPTION: ({ Description }) => Description,
    ENABLED: ({ Enabled }) => String(Enabled),
  },
  headers: {
    Description: 'DESCRIPTION',
    Enabled: 'ENABLED',
    ID: 'ID',
    Name: 'NAME',
    PluginReference: 'IMAGE',
  },
  fitting: { drop: ['DESCRIPTION', 'ID'], shrink: ['NAME'] },
};

const runningTable: Table<RunningRow> = {
  columns: {
    ID: ({ ID }) => ID,
    NAME: ({ Name }) => Name,
    STATE: ({ State }) => State,
    HEALTH: ({ Health }) => Health || '-',
    RESTARTS: ({ Restarts }) => Restarts || '-',
    UPTIME: ({ Uptime }) => Uptime || '-',
    MEMORY: ({ Memory }) => Memory || '-',
    ARCH: ({ Architecture }) => Architecture || '-',
    DIGEST: ({ Digest }) => Digest,
  },
  headers: {
    ...table.headers,
    State: 'STATE',
    Health: 'HEALTH',
    Restarts: 'RESTARTS',
    Uptime: 'UPTIME',
    Memory: 'MEMORY',
    OOMKills: 'OOM KILLS',
    Architecture: 'ARCH',
    Digest: 'DIGEST',
    Alias: 'ALIAS',
    Socket: 'SOCKET',
  },
  fitting: {
    drop: ['DIGEST', 'ARCH', 'MEMORY', 'RESTARTS', 'UPTIME', 'HEALTH', 'ID'],
    shrink: ['SOCKET', 'IMAGE', 'DESCRIPTION', 'NAME'],
  },
};

/** The column of out-of-memory kills is shown only if there are any. */
function tableFor(rows: readonly RunningRow[]): Table<RunningRow> {
  if (rows.every(({ OOMKills }) => OOMKills === 0)) return runningTable;
  const columns = { ...runningTable.columns, 'OOM KILLS': ({ OOMKills }: RunningRow) => String(OOMKills) };
  return { ...runningTable, columns };
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

function toRunningRow(plugin: RunningPlugin, isShort: boolean, now: Date): RunningRow {
  const { restarts, startedAt, memoryBytes, digest } = plugin;
  return {
    ...toRow(plugin, isShort),
    State: plugin.state,
    Health: plugin.health,
    Restarts: restarts === undefined ? '' : String(restarts),
    Uptime: startedAt === undefined ? '' : formatDuration(now.getTime() - startedAt.getTime()),
    Memory: memoryBytes === undefined ? '' : formatBytes(memoryBytes),
    OOMKills: plugin.outOfMemoryKills,
    Architecture: plugin.architecture,
    Digest: isShort ? digest.replace(/^sha256:/, '').slice(0, shortIdLength) : digest,
    Alias: plugin.alias,
    Socket: plugin.socket,
  };
}

function shorten(text: string): string {
  const characters = [...text];
  if (characters.length <= shortDescriptionLength) return text;
  return `${characters.slice(0, shortDescriptionLength - 1).join('')}…`;
}

/** Order by name, with numbers in names by value, as in Docker. */
function byName(left: PluginSummary, right: PluginSummary): number {
  return left.name.localeCompare(right.name, 'en', { numeric: true }) || (left.id < right.id ? -1 : 1);
}
