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
import { withPluginFields } from '../output/go-values.ts';
import { formatInspected, parseInspectFormat, withEmptyFields } from '../output/inspect-format.ts';
import { type CommandContext, forEachName } from './command-context.ts';

/** Flags of `outboard inspect`. */
export interface InspectOptions {
  readonly format?: string | undefined;
  readonly showSecrets?: boolean | undefined;
}

/** Print what is there, and then fail for what is not. */
export async function inspect(
  context: CommandContext,
  names: readonly string[],
  { format, showSecrets }: InspectOptions,
): Promise<void> {
  const wanted = parseInspectFormat(format);
  const found: object[] = [];
  try {
    await forEachName(names, context, async (name) => {
      found.push(await describePlugin(context.client, name, showSecrets));
    });
  } finally {
    context.host.stdout.write(formatInspected(found, wanted, prepare));
  }
}

/** Keys that an Outboard daemon adds to Docker's document, in this order. */
const ownKeys = [
  'Digest',
  'Verification',
  'Platform',
  'IndexDigest',
  'SourceImage',
  'Architecture',
  'Address',
  'SocketPath',
  'Gateway',
  'MemoryBytes',
  'OOMKills',
  'State',
  'PreviousVersion',
  'LastFailure',
];

/** Docker's document of the plugin, with the keys of Outboard's daemon; `Uses` only while the plugin is in use. */
async function describePlugin(
  client: EngineClient,
  name: string,
  showsSecrets: boolean | undefined,
): Promise<object> {
  const plugin = await inspectPlugin(client, name, { showsSecrets });
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
  OOMKills: 0,
  Options: null,
  Uses: [],
};

function prepare(document: object): object {
  return withPluginFields(withEmptyFields(document, emptyFields));
}
