/**
 * `outboard set`
 */
import type { EngineClient } from '../client/engine-client.ts';
import { withNextStep } from '../client/next-step.ts';
import { inspectPlugin } from '../client/plugin-api.ts';
import { changeSettings, type SecretDeclarations } from '../client/settings-api.ts';
import { CommandError, DaemonError } from '../command-error.ts';
import { asText, field } from '../json-field.ts';
import type { CommandContext } from './command-context.ts';

/** Docker's texts for a key that cannot be set. */
const wrongKey = /^setting .* not found in the plugin configuration$| is not settable$/;

/** Flags of `outboard set`. */
export type SetOptions = SecretDeclarations;

/** Change settings of a disabled plugin. @param settings `NAME[.FIELD]=VALUE`; all apply or none */
export async function set(
  { client }: CommandContext,
  name: string,
  settings: readonly string[],
  options: SetOptions,
): Promise<void> {
  if (settings.length === 0 && (options.secret ?? options.notSecret) === undefined)
    throw new CommandError("missing required argument 'KEY=VALUE', or --secret or --not-secret", {
      exitCode: 125,
    });
  await withNextStep(/active plugin/, `outboard disable ${name}`, async () => {
    try {
      await changeSettings(client, name, settings, options);
    } catch (error) {
      if (!(error instanceof DaemonError) || !wrongKey.test(error.reason)) throw error;
      throw new DaemonError(error.status, `${error.reason}${await describeKeys(client, name)}`);
    }
  });
}

/** The keys that can be set; nothing if they cannot be fetched, because the refusal matters more. */
async function describeKeys(client: EngineClient, name: string): Promise<string> {
  const config = await inspectPlugin(client, name).then(
    (plugin) => field(plugin, 'Config'),
    () => undefined,
  );
  if (config === undefined) return '';
  const devices = field(field(config, 'Linux'), 'Devices');
  const keys = [
    ...keysOf(field(config, 'Env'), ''),
    ...keysOf(field(config, 'Mounts'), '.source'),
    ...keysOf(devices, '.path'),
    ...keysOf([field(config, 'Args')], ''),
  ];
  return keys.length === 0 ? ': this plugin has no settings' : `: its settings are ${keys.join(', ')}`;
}

function keysOf(entries: unknown, suffix: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(entries) ? entries : [];
  return list
    .filter((entry) => {
      const settable = field(entry, 'Settable');
      return Array.isArray(settable) && settable.length > 0;
    })
    .map((entry) => `${asText(field(entry, 'Name'))}${suffix}`);
}
