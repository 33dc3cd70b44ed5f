/**
 * `outboard repair`: a plugin whose record is damaged gets one again.
 */
import { repairPlugin } from '../client/plugin-api.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';

/** Repair a plugin, print its name, and on standard error what could not be known any more. */
export async function repair(
  { client, host }: CommandContext,
  plugin: string,
  options: { readonly name?: string },
): Promise<void> {
  const { name, warnings } = await repairPlugin(client, plugin, options.name);
  for (const warning of warnings) host.stderr.write(`Warning: ${escapeText(warning)}\n`);
  host.stdout.write(`${escapeText(name)}\n`);
}
