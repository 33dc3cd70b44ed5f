/**
 * `outboard inspect`
 * @see docker/cli cli/command/inspect/inspector.go (28.x)
 */
import { fetchOptions } from '../client/container-api.ts';
import type { EngineClient } from '../client/engine-client.ts';
import { fetchStatus, fetchUses, inspectPlugin } from '../client/plugin-api.ts';
import { field } from '../client/plugin-documents.ts';
import { CommandError } from '../command-error.ts';
import { encodePrintableJson } from '../terminal/escape-text.ts';
import { formatTemplate } from '../terminal/format-template.ts';
import { type CommandContext, forEachName } from './command-context.ts';

/** Print what is there, and then fail for what is not. */
export async function inspect(
  context: CommandContext,
  names: readonly string[],
  { format }: { readonly format?: string },
): Promise<void> {
  if (format === 'table')
    throw new CommandError('a plugin is shown as json or by a template, not as a table');
  const found: unknown[] = [];
  try {
    await forEachName(names, context, async (name) => {
      found.push(await describePlugin(context.client, name));
    });
  } finally {
    context.host.stdout.write(formatPlugins(found, format));
  }
}

/** What an Outboard daemon tells of a plugin and Docker does not, in this order. */
const ownKeys = ['Digest', 'Architecture', 'Address', 'MemoryBytes', 'State', 'LastFailure'];

/** The plugin as Docker shows it, and after that what our own daemon tells; `Uses` when anyone uses it. */
async function describePlugin(client: EngineClient, name: string): Promise<unknown> {
  const plugin = await inspectPlugin(client, name);
  const [status, options, uses] = await Promise.all([
    fetchStatus(client, name),
    fetchOptions(client, name),
    fetchUses(client, name),
  ]);
  if (typeof plugin !== 'object') return plugin;
  const told = ownKeys.map((key) => [key, field(status, key)]).filter(([, value]) => value !== undefined);
  return {
    ...plugin,
    ...Object.fromEntries(told),
    ...(options !== undefined && { Options: options }),
    ...(uses.length > 0 && { Uses: uses }),
  };
}

function formatPlugins(plugins: readonly unknown[], format: string | undefined): string {
  if (format === undefined || format === '') return `${encodePrintableJson(plugins, 4)}\n`;
  if (format === 'json') return plugins.map((plugin) => `${encodePrintableJson(plugin)}\n`).join('');
  return plugins.map((plugin) => `${formatTemplate(format, plugin)}\n`).join('');
}
