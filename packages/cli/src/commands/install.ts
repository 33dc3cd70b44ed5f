/**
 * `outboard install`: fetch the requested privileges, get consent, pull, set, enable.
 * @see docker/cli cli/command/plugin/install.go, moby client/plugin_install.go (28.x)
 */
import { enablePlugin, fetchPrivileges, pullPlugin } from '../client/plugin-api.ts';
import { changeSettings } from '../client/settings-api.ts';
import { CommandError } from '../command-error.ts';
import { explainRefusal } from '../credentials/explain-refusal.ts';
import type { OptionFlags } from '../options/option-flag.ts';
import { askConsent } from '../privileges/consent.ts';
import { showTrust } from '../privileges/show-trust.ts';
import { showProgress } from '../progress/show-progress.ts';
import { parseLocalName } from '../references/remote-reference.ts';
import type { AuthFileFlag } from './auth-file-flag.ts';
import type { CommandContext } from './command-context.ts';
import { openPlugin } from './open-plugin.ts';
import type { PlatformFlag } from './platform-flag.ts';
import { applyOptions, readOptionFlags } from './update.ts';

/** Flags of `outboard install`. */
export interface InstallOptions extends OptionFlags, AuthFileFlag, PlatformFlag {
  /** Local name; default the remote's. */
  readonly alias?: string | undefined;
  readonly disable?: boolean | undefined;
  readonly grantAllPermissions?: boolean | undefined;
}

/** Install a plugin. @param settings applied before the plugin is enabled */
export async function install(
  context: CommandContext,
  remote: string,
  settings: readonly string[],
  options: InstallOptions,
): Promise<void> {
  const { client, host, signal } = context;
  const alias = options.alias === undefined ? undefined : parseLocalName(options.alias);
  const wanted = await readOptionFlags(context, options);
  await using opened = await openPlugin(remote, context, { ...options, alias });
  const { plugin, localName } = opened;
  const { note } = plugin.registryAuth;
  const privileges = await explainRefusal(note, () => fetchPrivileges(client, plugin));
  if (options.grantAllPermissions !== true && privileges.length > 0) await showTrust(client, plugin, host);
  if (options.grantAllPermissions !== true && !(await askConsent(remote, privileges, host, signal))) {
    throw new CommandError(`Permission denied while installing plugin ${remote}`);
  }
  const name = await explainRefusal(note, async () => {
    const pulled = await pullPlugin(client, localName, plugin, privileges);
    await showProgress(pulled.progress, host, signal);
    return pulled.name;
  });
  if (wanted !== undefined) await applyOptions(context, name, wanted);
  if (settings.length > 0) await changeSettings(client, name, settings);
  // No limit for calls to the plugin, as in Docker's client.
  if (options.disable !== true) await enablePlugin(client, name, 0);
  host.stdout.write(`Installed plugin ${remote}\n`);
}
