/**
 * `outboard stats`: a table of resource usage, redrawn each second.
 * @see docker/cli cli/command/container/stats.go and formatter_stats.go (28.x)
 */

import { readLines } from '../client/read-body.ts';
import { openStats, type PluginStats, parseStats, type StatsSample } from '../client/runtime-api.ts';
import { CommandError, codeOf } from '../command-error.ts';
import { formatRows, parseFormat, type Table } from '../output/output-format.ts';
import { availableWidth, chooseColumns, type TableFlags } from '../output/table-view.ts';
import { formatBinaryBytes, formatBytes } from '../terminal/format-bytes.ts';
import { redraws } from '../terminal/redraws.ts';
import type { CommandContext } from './command-context.ts';

/** Flags of `outboard stats`. */
export interface StatsOptions extends TableFlags {
  /** False for a single table. */
  readonly stream?: boolean | undefined;
  /** In the form of `parseFormat`. */
  readonly format: string;
}

const maxLineBytes = 16 * 1024 * 1024;
/** Clears the screen and moves the cursor to the first line. */
const clearScreen = '\u001b[2J\u001b[H';

/** Print resource usage. @param names default all running plugins */
export async function stats(
  { client, host, signal }: CommandContext,
  names: readonly string[],
  options: StatsOptions,
): Promise<void> {
  const { stdout } = host;
  const format = parseFormat(options.format);
  // Refuses an unknown column before the request.
  chooseColumns(table, options, format);
  const answer = await openStats(client, names);
  const isLive = options.stream !== false;
  let previous: StatsSample | undefined;
  try {
    for await (const line of readLines(answer, maxLineBytes)) {
      const sample = parseStats(line);
      // CPU usage needs two samples.
      if (isLive || previous !== undefined) {
        const rows = toRows(sample, previous, options.trunc !== false);
        const shown = chooseColumns(tableFor(rows), options, format);
        const text = formatRows(rows, format, shown, availableWidth(host, options));
        stdout.write(isLive && redraws(host) ? clearScreen + text : text);
      }
      if (!isLive && previous !== undefined) return;
      previous = sample;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (codeOf(error) !== 'ECONNRESET') throw error;
    throw new CommandError('the daemon closed the connection', { cause: error });
  } finally {
    answer.destroy();
  }
  signal.throwIfAborted();
  throw new CommandError('the daemon ended the statistics: it is shutting down, or a plugin was removed');
}

/** A row with Docker's field names. */
interface Row {
  readonly BlockIO: string;
  readonly CPUPerc: string;
  readonly ID: string;
  readonly MemPerc: string;
  readonly MemUsage: string;
  readonly Name: string;
  readonly NetIO: string;
  readonly OOMKills: number;
  readonly PIDs: string;
}

const unknown = '--';

function toRows(sample: StatsSample, previous: StatsSample | undefined, isShort: boolean): readonly Row[] {
  const before = new Map(previous?.plugins.map((plugin) => [plugin.id, plugin]));
  return sample.plugins.map((plugin) => {
    const { memoryBytes, memoryLimitBytes = sample.memoryBytes } = plugin;
    const hasMemory = memoryBytes !== undefined;
    return {
      BlockIO: transfer(plugin.readBytes, plugin.writtenBytes),
      CPUPerc: cpuShare(plugin, before.get(plugin.id)),
      ID: isShort ? plugin.id.slice(0, 12) : plugin.id,
      MemPerc: hasMemory ? percent(memoryBytes / memoryLimitBytes) : unknown,
      MemUsage: hasMemory
        ? `${formatBinaryBytes(memoryBytes)} / ${formatBinaryBytes(memoryLimitBytes)}`
        : `${unknown} / ${unknown}`,
      Name: plugin.name,
      NetIO: transfer(plugin.receivedBytes, plugin.sentBytes),
      OOMKills: plugin.outOfMemoryKills ?? 0,
      PIDs: plugin.pids === undefined ? unknown : String(plugin.pids),
    };
  });
}

/** Received and sent bytes. */
function transfer(inBytes: number | undefined, outBytes: number | undefined): string {
  return [inBytes, outBytes]
    .map((bytes) => (bytes === undefined ? unknown : formatBytes(bytes, 3)))
    .join(' / ');
}

/** CPU usage in percent of one processor: 200% is two processors. */
function cpuShare(now: PluginStats, before: PluginStats | undefined): string {
  if (now.cpuSeconds === undefined || before?.cpuSeconds === undefined) return unknown;
  const elapsed = (now.readAt.getTime() - before.readAt.getTime()) / 1000;
  // The counter starts at 0 after a restart.
  return elapsed > 0 ? percent(Math.max(0, now.cpuSeconds - before.cpuSeconds) / elapsed) : unknown;
}

function percent(share: number): string {
  return Number.isFinite(share) ? `${(share * 100).toFixed(2)}%` : unknown;
}

const table: Table<Row> = {
  columns: {
    'PLUGIN ID': ({ ID }) => ID,
    NAME: ({ Name }) => Name,
    'CPU %': ({ CPUPerc }) => CPUPerc,
    'MEM USAGE / LIMIT': ({ MemUsage }) => MemUsage,
    'MEM %': ({ MemPerc }) => MemPerc,
    'NET I/O': ({ NetIO }) => NetIO,
    'BLOCK I/O': ({ BlockIO }) => BlockIO,
    PIDS: ({ PIDs }) => PIDs,
  },
  headers: {
    BlockIO: 'BLOCK I/O',
    CPUPerc: 'CPU %',
    ID: 'PLUGIN ID',
    MemPerc: 'MEM %',
    MemUsage: 'MEM USAGE / LIMIT',
    Name: 'NAME',
    NetIO: 'NET I/O',
    OOMKills: 'OOM KILLS',
    PIDs: 'PIDS',
  },
  fitting: { drop: ['BLOCK I/O', 'NET I/O', 'PIDS', 'MEM %', 'PLUGIN ID'], shrink: ['NAME'] },
};

/** The column of out-of-memory kills is shown only if there are any. */
function tableFor(rows: readonly Row[]): Table<Row> {
  if (rows.every(({ OOMKills }) => OOMKills === 0)) return table;
  const columns = { ...table.columns, 'OOM KILLS': ({ OOMKills }: Row) => String(OOMKills) };
  return { ...table, columns };
}
