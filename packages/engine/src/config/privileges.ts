/**
 * The privileges of a plugin on its host, computed from its config. An operator consents to this list and to nothing else,
 * so everything in a config that widens access must appear in it.
 * @see moby daemon/pkg/plugin/backend_linux.go, computePrivileges (28.x)
 */
import { mountKind } from './mount-rules.ts';
import type { PluginConfig, PluginMount, Privilege } from './plugin-config.ts';

/** Networks that give no access to the host's. */
const ownNetworks: ReadonlySet<string> = new Set(['', 'null', 'bridge']);

/** List the privileges that a config asks for, in Docker's order and words. */
export function computePrivileges(config: PluginConfig): readonly Privilege[] {
  const privileges: Privilege[] = [];
  const add = (name: string, description: string, value: readonly string[]) => {
    privileges.push({ name, description, value });
  };
  if (!ownNetworks.has(config.network.type)) {
    add('network', 'permissions to access a network', [config.network.type]);
  }
  if (config.ipcHost) add('host ipc namespace', 'allow access to host ipc namespace', ['true']);
  if (config.pidHost) add('host pid namespace', 'allow access to host pid namespace', ['true']);
  for (const mount of config.mounts ?? []) {
    const source = disclosedSource(mount);
    if (source !== undefined) add('mount', 'host path to mount', [source]);
  }
  for (const device of config.linux.devices ?? []) {
    if (device.path !== null) add('device', 'host device to access', [device.path]);
  }
  if (config.linux.allowAllDevices) {
    add('allow-all-devices', "allow 'rwm' access to all devices", ['true']);
  }
  const capabilities = config.linux.capabilities ?? [];
  if (capabilities.length > 0) {
    add('capabilities', 'list of additional capabilities required', [...capabilities]);
  }
  return privileges;
}

/**
 * Docker omits a mount without source, which cannot be started. A tmpfs needs no source and is mounted here, so it is
 * listed.
 */
function disclosedSource(mount: PluginMount): string | undefined {
  if (mount.source !== null) return mount.source;
  return mountKind(mount) === 'tmpfs' ? 'tmpfs' : undefined;
}

/**
 * Compare two lists as multisets of names with multisets of values. Order and descriptions do not count; missing, extra
 * and repeated entries do. Docker 20.10 ignored the first entry (CVE-2026-33997).
 */
export function privilegesEqual(left: readonly Privilege[], right: readonly Privilege[]): boolean {
  return canonicalForm(left) === canonicalForm(right);
}

function canonicalForm(privileges: readonly Privilege[]): string {
  // JSON keeps names and values apart, which joined text would not.
  return JSON.stringify(
    privileges.map(({ name, value }) => JSON.stringify([name, [...value].sort()])).sort(),
  );
}
