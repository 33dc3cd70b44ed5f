/**
 * The isolation of one plugin beyond namespaces, capabilities and devices: its filter of system calls, its AppArmor
 * profile, no new privileges, a read-only root filesystem. Each is derived from the plugin's privileges and the operator's
 * options.
 */
import { type AppArmor, createSeccompFilter, requireAppArmorProfile } from '@outboard/container';
import type { PluginConfig } from '../config/plugin-config.ts';
import type { SecurityOptions } from '../config/plugin-options.ts';
import { appArmorOpenings, appArmorProfile } from './apparmor/plugin-profile.ts';
import { pluginCapabilities } from './capabilities.ts';
import type { ContainerSecurity } from './create-runtime-spec.ts';

/** The isolation of one plugin. */
export interface PluginSecurity {
  readonly security: ContainerSecurity;
  /** Lines for the operator. */
  readonly notices: readonly string[];
}

/**
 * Decide the isolation of a plugin, and load its AppArmor profile.
 *
 * No new privileges is on unless the options turn it off: a plugin starts as root with every capability that it can
 * have, so set-user-ID programs and file capabilities give it nothing. Only a plugin that becomes another user and then
 * root again (sudo, su) needs it off.
 * @throws {OutboardError} invalid: a profile that cannot be used; system: one that the kernel refuses
 */
export async function decidePluginSecurity(
  config: PluginConfig,
  options: SecurityOptions,
  appArmor: AppArmor,
): Promise<PluginSecurity> {
  const capabilities = pluginCapabilities(config);
  const seccomp = await createSeccompFilter(options.seccomp ?? 'default', capabilities);
  const { profile, notices } = await appArmorChoice(config, options.apparmor, capabilities, appArmor);
  return {
    security: {
      noNewPrivileges: options.noNewPrivileges ?? true,
      readOnlyRootfs: options.readOnlyRootfs ?? false,
      ...(seccomp !== undefined && { seccomp }),
      ...(profile !== undefined && { apparmorProfile: profile }),
    },
    notices,
  };
}

/**
 * Check that the profiles of security options exist on this host and can be used.
 * @throws {OutboardError} invalid, with the error of a start
 */
export async function requireSecurityChoices({ seccomp, apparmor }: SecurityOptions): Promise<void> {
  if (seccomp !== undefined) await createSeccompFilter(seccomp, []);
  if (apparmor !== undefined) await requireAppArmorProfile(apparmor);
}

async function appArmorChoice(
  config: PluginConfig,
  choice: string | undefined,
  capabilities: readonly string[],
  appArmor: AppArmor,
): Promise<{ readonly profile?: string; readonly notices: readonly string[] }> {
  if (choice !== undefined) await appArmor.requireProfile(choice);
  if (!(await appArmor.isEnabled())) return { notices: [] };
  if (choice !== undefined) return { profile: choice, notices: [] };
  const profile = await appArmor.load(appArmorProfile(appArmorOpenings(config, capabilities)));
  if (profile !== undefined) return { profile, notices: [] };
  return {
    notices: ['no AppArmor profile is used: install the Debian package "apparmor" for apparmor_parser'],
  };
}
