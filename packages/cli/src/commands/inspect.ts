/**
 * `outboard inspect`
 * @see docker/cli cli/command/inspect/inspector.go (28.x)
 */
import { fetchOptions } from '../client/container-api.ts';
import type { EngineClient } from '../client/engine-client.ts';
import { fetchStatus, fetchUses, inspectPlugin } from '../client/plugin-api.ts';
import { CommandError } from '../command-error.ts';
import { field } from '../json-field.ts';
import { type OutputFormat, parseFormat } from '../output/output-format.ts';
import { renderTemplate } from '../template/render-template.ts';
import { encodePrintableJson } from '../terminal/escape-text.ts';
import { type CommandContext, forEachName } from './command-context.ts';

/** Print what is there, and then fail for what is not. */
export async function inspect(
  context: CommandContext,
  names: readonly string[],
  { format }: { readonly format?: string },
): Promise<void> {
  const wanted = format === undefined || format === '' ? undefined : parseFormat(format);
  if (wanted?.kind === 'table')
    throw new CommandError('a plugin is shown as json or by a template, not as a table');
  const found: object[] = [];
  try {
    await forEachName(names, context, async (name) => {
      found.push(await describePlugin(context.client, name));
    });
  } finally {
    context.host.stdout.write(formatPlugins(found, wanted));
  }
}

/** What an Outboard daemon tells of a plugin and Docker does not, in this order. */
const ownKeys = ['Digest', 'Architecture', 'Address', 'SocketPath', 'MemoryBytes', 'State', 'LastFailure'];

/** The plugin as Docker shows it, and after that what our own daemon tells; `Uses` when anyone uses it. */
async function describePlugin(client: EngineClient, name: string): Promise<object> {
  const plugin = await inspectPlugin(client, name);
  const status = await fetchStatus(client, name);
  // Of a damaged plugin neither is known.
  const isDamaged = field(field(status, 'State'), 'Status') === 'damaged';
  const [options, uses] = isDamaged
    ? [undefined, []]
    : await Promise.all([fetchOptions(client, name), fetchUses(client, name)]);
  if (typeof plugin !== 'object' || plugin === null) {
    throw new CommandError('the daemon answered with something that is not a plugin');
  }
  const told = ownKeys.map((key) => [key, field(status, key)]).filter(([, value]) => value !== undefined);
  return {
    ...plugin,
    ...Object.fromEntries(told),
    ...(options !== undefined && { Options: options }),
    ...(uses.length > 0 && { Uses: uses }),
  };
}

/** What documents leave out when there is none of it; a template may name it all the same, as in Go. */
const emptyFields = {
  PluginReference: '',
  ...Object.fromEntries(ownKeys.map((key) => [key, null])),
  Options: null,
  Uses: [],
};

function formatPlugins(
  plugins: readonly object[],
  format: Exclude<OutputFormat, { kind: 'table' }> | undefined,
): string {
  if (format === undefined) return `${encodePrintableJson(plugins, 4)}\n`;
  if (format.kind === 'json') return plugins.map((plugin) => `${encodePrintableJson(plugin)}\n`).join('');
  const { template } = format;
  return plugins.map((plugin) => `${renderTemplate(template, withEmptyFields(plugin))}\n`).join('');
}

function withEmptyFields(plugin: object): object {
  const left = Object.entries(emptyFields).filter(([key]) => !Object.hasOwn(plugin, key));
  return { ...plugin, ...Object.fromEntries(left) };
}
