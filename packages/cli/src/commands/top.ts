/**
 * `outboard top`
 */
import { fetchProcesses } from '../client/runtime-api.ts';
import { fitTable } from '../output/fit-table.ts';
import { formatTable } from '../output/table.ts';
import { availableWidth, type TableFlags } from '../output/table-view.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';

/** Print the processes of a plugin. Their names are untrusted and escaped. */
export async function top(
  { client, host }: CommandContext,
  name: string,
  flags: Pick<TableFlags, 'trunc'>,
): Promise<void> {
  const { titles, rows } = await fetchProcesses(client, name);
  const table = [titles, ...rows].map((row) => row.map(escapeText));
  const width = availableWidth(host, flags);
  const fitting = { drop: ['PPID', 'TIME', 'USER'], shrink: titles.slice(-1) };
  host.stdout.write(formatTable(width === undefined ? table : fitTable(table, width, fitting)));
}
