/**
 * The AppArmor profiles of plugins: a second barrier behind read-only and masked paths, for plugins that may not mount.
 * A profile is derived from the plugin's privileges and denies nothing that was granted.
 * @see apparmor.d(5), AppArmor 3.0
 */
import { type AppArmorHost, type AppArmorProfile, isAtOrBelow } from '@outboard/container';
import type { PluginConfig } from '../../config/plugin-config.ts';

/** Rules that the privileges of a plugin relax in its profile. */
export interface AppArmorOpenings {
  /** CAP_SYS_ADMIN: rules on paths have no effect, because the plugin can mount the same files elsewhere. */
  readonly mounting: boolean;
  /** A mount of the host's at or below `/sys`. */
  readonly sysfs: boolean;
  /** The host's pid namespace, in which the plugin may see and signal processes. */
  readonly hostProcesses: boolean;
}

/** Derive the relaxed rules of a plugin. */
export function appArmorOpenings(config: PluginConfig, capabilities: readonly string[]): AppArmorOpenings {
  return {
    mounting: capabilities.includes('CAP_SYS_ADMIN'),
    sysfs: (config.mounts ?? []).some(({ destination }) => isAtOrBelow(destination, '/sys')),
    hostProcesses: config.pidHost,
  };
}

/** The name of a profile, such as `outboard-plugin` or `outboard-plugin-mounting`. */
export function appArmorProfileName(openings: AppArmorOpenings): string {
  const { mounting, sysfs, hostProcesses } = openings;
  const words = [mounting && 'mounting', sysfs && 'sysfs', hostProcesses && 'host-processes'];
  return ['outboard-plugin', ...words.filter((word) => word !== false)].join('-');
}

/** Create the profile of a plugin. */
export function appArmorProfile(openings: AppArmorOpenings): AppArmorProfile {
  const name = appArmorProfileName(openings);
  return { name, text: (host) => profileText(name, openings, host) };
}

function profileText(name: string, openings: AppArmorOpenings, host: AppArmorHost): string {
  const { mounting, sysfs, hostProcesses } = openings;
  const rules = [
    ...['network', 'capability', 'file', 'umount', 'dbus'],
    ...(mounting ? ['mount', 'pivot_root'] : ['deny mount', 'deny pivot_root']),
    // The daemon and the runtime stop the plugin; newer distributions confine the runtime under its own name.
    ...['unconfined', 'runc', 'crun'].map((peer) => `signal (receive) peer=${peer}`),
    ...(hostProcesses
      ? ['signal', 'ptrace']
      : [`signal (send, receive) peer=${name}`, `ptrace peer=${name}`]),
    ...(mounting ? [] : ['deny /proc/sys/** wl', 'deny /proc/sysrq-trigger rwl', 'deny /proc/kcore rwl']),
    ...(mounting || sysfs ? [] : ['deny /sys/** wl']),
    'deny /sys/kernel/security/** rwl',
  ];
  const lines = rules.map((rule) => `  ${rule},\n`).join('');
  return (
    `${host.hasAbi3 ? 'abi <abi/3.0>,\n' : ''}` +
    `profile ${name} flags=(attach_disconnected,mediate_deleted) {\n${lines}}\n`
  );
}
