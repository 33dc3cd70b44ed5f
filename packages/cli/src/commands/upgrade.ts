/**
 * `outboard upgrade`
 * @see docker/cli cli/command/plugin/upgrade.go (28.x)
 */
import { fetchStatus } from '../client/outboard-api.ts';
import {
  fetchPrivileges,
  inspectPlugin,
  type SwitchFlags,
  upgradeEnabledPlugin,
  upgradePlugin,
} from '../client/plugin-api.ts';
import { parsePlugin } from '../client/plugin-documents.ts';
import { CommandError } from '../command-error.ts';
import { explainRefusal } from '../credentials/explain-refusal.ts';
import { asText, field } from '../json-field.ts';
import { askConsent } from '../privileges/consent.ts';
import { showTrust } from '../privileges/show-trust.ts';
import { showProgress } from '../progress/show-progress.ts';
import { parsePluginSource } from '../references/plugin-source.ts';
import {
  formatFamiliarReference,
  formatReference,
  parseRemoteReference,
  type RemoteReference,
  withDefaultTag,
} from '../references/remote-reference.ts';
import { confirm } from '../terminal/confirm.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { AuthFileFlag } from './auth-file-flag.ts';
import type { CommandContext } from './command-context.ts';
import { openPlugin } from './open-plugin.ts';
import type { PlatformFlag } from './platform-flag.ts';
import { parseSwitchFlags } from './switch-flags.ts';

/** Flags of `outboard upgrade`. */
export interface UpgradeOptions extends SwitchFlags, AuthFileFlag, PlatformFlag {
  readonly grantAllPermissions?: boolean | undefined;
  /** Do not ask for confirmation when the new reference differs from the old one. */
  readonly skipRemoteCheck?: boolean | undefined;
}

/**
 * Upgrade a plugin. One that is enabled stays so, and is switched back when the new version does not serve.
 * @param remote reference, file or directory; default the reference that it was installed from
 */
export async function upgrade(
  context: CommandContext,
  localName: string,
  remote: string | undefined,
  options: UpgradeOptions,
): Promise<void> {
  const { client, host, signal } = context;
  const flags = parseSwitchFlags(options);
  const plugin = parsePlugin(await inspectPlugin(client, localName));
  // Docker Engine has no such route. Nothing is asked when it would refuse in the end.
  const status = await fetchStatus(client, plugin.name);
  if (plugin.isEnabled && status === undefined) {
    throw new CommandError(
      `the plugin must be disabled before upgrading: outboard disable ${escapeText(plugin.name)}`,
    );
  }
  const from = withDefaultTag(parseRemoteReference(plugin.reference || plugin.name));
  await using opened = await openPlugin(sourceOf(remote, from), context, { ...options, alias: nameOf(from) });
  const to = withDefaultTag(parseRemoteReference(opened.plugin.remote));
  const toText = formatFamiliarReference(to);
  host.stdout.write(
    `Upgrading plugin ${escapeText(plugin.name)} from ${formatFamiliarReference(from)} to ${toText}\n`,
  );
  if (options.skipRemoteCheck !== true && formatReference(from) !== formatReference(to)) {
    const question = { text: 'Plugin images do not match, are you sure?', flag: '--skip-remote-check' };
    if (!(await confirm(host, question, signal))) throw new CommandError('plugin upgrade has been cancelled');
  }
  // The privileges are those of the platform that will be installed.
  const platform = options.platform ?? (asText(field(status, 'Platform')) || undefined);
  const target = { ...opened.plugin, platform };
  const { note } = target.registryAuth;
  const privileges = await explainRefusal(note, () => fetchPrivileges(client, target));
  if (options.grantAllPermissions !== true && privileges.length > 0) await showTrust(client, target, host);
  if (options.grantAllPermissions !== true && !(await askConsent(toText, privileges, host, signal))) {
    throw new CommandError(`Permission denied while upgrading plugin ${plugin.name}`);
  }
  await explainRefusal(note, async () => {
    const progress = plugin.isEnabled
      ? upgradeEnabledPlugin(client, plugin.name, { plugin: target, granted: privileges, flags })
      : upgradePlugin(client, plugin.name, target, privileges);
    await showProgress(await progress, host, signal);
  });
  host.stdout.write(`Upgraded plugin ${escapeText(plugin.name)} to ${toText}\n`);
}

/** The source as it was typed; a reference with its tag. */
function sourceOf(remote: string | undefined, from: RemoteReference): string {
  if (remote === undefined) return formatReference(from);
  const source = parsePluginSource(remote);
  if (source.kind !== 'registry') return remote;
  return formatReference(withDefaultTag(parseRemoteReference(source.reference)));
}

/** The name of a version in a file that has none: that of the installed version. */
function nameOf({ domain, path, tag = 'latest' }: RemoteReference): string {
  return formatReference({ domain, path, tag });
}
