/**
 * `outboard top`
 */
import { fetchProcesses } from '../client/runtime-api.ts';
import { formatTable } from '../output/table.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';

/** Print the processes of a plugin. Their names are untrusted and escaped. */
export async function top({ client, host }: CommandContext, name: string): Promise<void> {
  const { titles, rows } = await fetchProcesses(client, name);
  host.stdout.write(formatTable([titles, ...rows].map((row) => row.map(escapeText))));
}
