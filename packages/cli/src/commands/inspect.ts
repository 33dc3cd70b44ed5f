/**
 * `outboard inspect`
 * @see docker/cli cli/command/inspect/inspector.go (28.x)
 */

import type { EngineClient } from '../client/engine-client.ts';
import { fetchReferences, fetchStatus } from '../client/outboard-api.ts';
import { inspectPlugin } from '../client/plugin-api.ts';
import { fetchOptions } from '../client/runtime-api.ts';
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
  { format }: { readonly format?: string | undefined },
): Promise<void> {
  const wanted = format === undefined || format === '' ? undefined : parseFormat(format);
  if (wanted?.kind === 'table')
    throw new CommandError('inspect has no table: the format must be json or a template');
  const found: object[] = [];
  try {
    await forEachName(names, context, async (name) => {
      found.push(await describePlugin(context.client, name));
    });
  } finally {
    context.host.stdout.write(formatPlugins(found, wanted));
  }
}

/** Keys that an Outboard daemon adds to Docker's document, in this order. */
const ownKeys = ['Digest', 'Architecture', 'Address', 'SocketPath', 'MemoryBytes', 'State', 'LastFailure'];

/** Docker's document of the plugin, with the keys of Outboard's daemon; `Uses` only while the plugin is in use. */
async function describePlugin(client: EngineClient, name: string): Promise<object> {
  const plugin = await inspectPlugin(client, name);
  const status = await fetchStatus(client, name);
  // A damaged plugin has neither options nor references.
  const isDamaged = field(field(status, 'State'), 'Status') === 'damaged';
  const [options, references] = isDamaged
    ? [undefined, []]
    : await Promise.all([fetchOptions(client, name), fetchReferences(client, name)]);
  if (typeof plugin !== 'object' || plugin === null) {
    throw new CommandError('the daemon answered with something that is not a plugin');
  }
  const own = ownKeys.map((key) => [key, field(status, key)]).filter(([, value]) => value !== undefined);
  return {
    ...plugin,
    ...Object.fromEntries(own),
    ...(options !== undefined && { Options: options }),
    ...(references.length > 0 && { Uses: references }),
  };
}

/** Values of keys that a document may lack, so that templates can use them, as in Go. */
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
