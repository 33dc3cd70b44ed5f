/**
 * `outboard stats`: a table of what plugins use, which is drawn anew each second.
 * @see docker/cli cli/command/container/stats.go and formatter_stats.go (28.x)
 */
import { openStats, type PluginStats, parseStats, type StatsSample } from '../client/container-api.ts';
import { readLines } from '../client/read-body.ts';
import { CommandError, codeOf } from '../command-error.ts';
import { formatRows, parseFormat, type Table } from '../output/output-format.ts';
import { formatBinaryBytes, formatBytes } from '../terminal/format-bytes.ts';
import type { CommandContext } from './command-context.ts';

export interface StatsOptions {
  /** False for one table only. */
  readonly stream?: boolean;
  /** As `parseFormat` takes it. */
  readonly format: string;
}

const maxLineBytes = 16 * 1024 * 1024;
/** Clears the screen and goes to its first line. */
const clearScreen = '\u001b[2J\u001b[H';

/** @param names default all plugins that run */
export async function stats(
  { client, host, signal }: CommandContext,
  names: readonly string[],
  options: StatsOptions,
): Promise<void> {
  const { stdout } = host;
  const format = parseFormat(options.format);
  const answer = await openStats(client, names);
  const isLive = options.stream !== false;
  let previous: StatsSample | undefined;
  try {
    for await (const line of readLines(answer, maxLineBytes)) {
      const sample = parseStats(line);
      // A share of processors takes two samples.
      if (isLive || previous !== undefined) {
        const rows = toRows(sample, previous);
        const text = formatRows(rows, format, tableFor(rows));
        stdout.write(isLive && stdout.isTTY === true ? clearScreen + text : text);
      }
      if (!isLive && previous !== undefined) return;
      previous = sample;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (codeOf(error) !== 'ECONNRESET') throw error;
    throw new CommandError('the daemon ended the connection', { cause: error });
  } finally {
    answer.destroy();
  }
  signal.throwIfAborted();
  throw new CommandError('the daemon tells no more: it ends, or a plugin has gone');
}

/** Docker's names of the columns. */
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

function toRows(sample: StatsSample, previous: StatsSample | undefined): readonly Row[] {
  const before = new Map(previous?.plugins.map((plugin) => [plugin.id, plugin]));
  return sample.plugins.map((plugin) => {
    const { memoryBytes, memoryLimitBytes = sample.memoryBytes } = plugin;
    const hasMemory = memoryBytes !== undefined;
    return {
      BlockIO: transfer(plugin.readBytes, plugin.writtenBytes),
      CPUPerc: cpuShare(plugin, before.get(plugin.id)),
      ID: plugin.id.slice(0, 12),
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

/** What came in, and what went out. */
function transfer(inBytes: number | undefined, outBytes: number | undefined): string {
  return [inBytes, outBytes]
    .map((bytes) => (bytes === undefined ? unknown : formatBytes(bytes, 3)))
    .join(' / ');
}

/** Of one processor: 200% is two of them. */
function cpuShare(now: PluginStats, before: PluginStats | undefined): string {
  if (now.cpuSeconds === undefined || before?.cpuSeconds === undefined) return unknown;
  const elapsed = (now.readAt.getTime() - before.readAt.getTime()) / 1000;
  // One that was started anew counts from 0.
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
};

/** Where memory ran out it is told; elsewhere the table is no wider for it. */
function tableFor(rows: readonly Row[]): Table<Row> {
  if (rows.every(({ OOMKills }) => OOMKills === 0)) return table;
  const columns = { ...table.columns, 'OOM KILLS': ({ OOMKills }: Row) => String(OOMKills) };
  return { ...table, columns };
}
