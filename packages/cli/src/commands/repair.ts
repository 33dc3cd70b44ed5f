/**
 * `outboard repair`: rebuild the damaged record of a plugin.
 */
import { repairPlugin } from '../client/outboard-api.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';

/** Repair a plugin, print its name, and print lost details to standard error. */
export async function repair(
  { client, host }: CommandContext,
  plugin: string,
  options: { readonly name?: string | undefined },
): Promise<void> {
  const { name, warnings } = await repairPlugin(client, plugin, options.name);
  for (const warning of warnings) host.stderr.write(`Warning: ${escapeText(warning)}\n`);
  host.stdout.write(`${escapeText(name)}\n`);
}
