/**
 * A build becomes a plugin of the daemon: a new one, or in the place of the one with its name.
 */
import type { BuiltPlugin } from '@outboard/authoring';
import { createOrReplace, type ReplaceOptions, type StoredBuild } from '../client/build-api.ts';
import { parseLocalName } from '../references/remote-reference.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';

/** Create or replace a plugin and print its name. */
export async function storeBuild(
  { client, host, signal }: CommandContext,
  name: string,
  plugin: BuiltPlugin,
  options: ReplaceOptions,
): Promise<StoredBuild> {
  const { archivePlugin } = await import('@outboard/authoring');
  parseLocalName(name);
  const stored = await createOrReplace(client, name, () => archivePlugin(plugin, { signal }), options);
  for (const warning of stored.warnings) host.stderr.write(`warning: ${escapeText(warning)}\n`);
  host.stdout.write(`${name}\n`);
  return stored;
}
