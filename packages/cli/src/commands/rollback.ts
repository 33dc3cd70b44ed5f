/**
 * `outboard rollback`. Docker keeps no version to return to.
 */
import { inspectPlugin, rollbackPlugin, type SwitchFlags } from '../client/plugin-api.ts';
import { parsePlugin } from '../client/plugin-documents.ts';
import { showProgress } from '../progress/show-progress.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';
import { parseSwitchFlags } from './switch-flags.ts';

/** Return to the version before the last upgrade; a second time goes forward again. */
export async function rollback(
  { client, host, signal }: CommandContext,
  name: string,
  options: SwitchFlags,
): Promise<void> {
  await showProgress(await rollbackPlugin(client, name, parseSwitchFlags(options)), host, signal);
  const plugin = parsePlugin(await inspectPlugin(client, name));
  const reference = plugin.reference === '' ? 'the version before' : plugin.reference;
  host.stdout.write(`Rolled back plugin ${escapeText(plugin.name)} to ${escapeText(reference)}\n`);
}
