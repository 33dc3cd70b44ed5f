/**
 * Creates the OCI runtime spec of a plugin's container from its config and settings. A pure function: the same input gives
 * the same spec, and the spec never exceeds Docker's default container plus the privileges of the config.
 */

import {
  cleanAbsolutePath,
  containerDefaults,
  isAtOrBelow,
  type RuntimeSpec,
  type SpecDevice,
  type SpecMount,
  type SpecNamespace,
  type SpecSeccomp,
} from '@outboard/container';
import { OutboardError } from '@outboard/oci';
import type { PluginConfig, PluginSettings } from '../config/plugin-config.ts';
import type { PluginLimits } from '../config/plugin-options.ts';
import { validatePluginConfig } from '../config/validate-plugin-config.ts';
import { pluginCapabilities } from './capabilities.ts';
import { namespaceOf, networkToJoin } from './joined-network.ts';
import { createPluginMounts, type PluginMountsInput } from './plugin-mounts.ts';
import { createLimits, createRlimits } from './resources.ts';

/** Isolation of a container beyond its privileges. */
export interface ContainerSecurity {
  /** True: set-user-ID bits and file capabilities have no effect. */
  readonly noNewPrivileges: boolean;
  /** True: the root filesystem is read-only, with a tmpfs on `/tmp` and `/run`. */
  readonly readOnlyRootfs: boolean;
  /** Filter of system calls; absent: none. */
  readonly seccomp?: SpecSeccomp | undefined;
  /** Name of a loaded profile; absent: none. */
  readonly apparmorProfile?: string | undefined;
}

/** Input of one spec. */
export interface RuntimeSpecInput
  extends Pick<
    PluginMountsInput,
    | 'config'
    | 'settings'
    | 'propagatedMountPath'
    | 'socketDirectory'
    | 'metricsSocket'
    | 'logDirectory'
    | 'network'
    | 'missingHostFiles'
  > {
  readonly security: ContainerSecurity;
  /** Absolute path of the root filesystem on the host. */
  readonly rootfsPath: string;
  /** Arguments that precede the plugin's program: see `initArguments`. Default none. */
  readonly init?: readonly string[] | undefined;
  /** The result of `resolveDevices`. */
  readonly devices: readonly SpecDevice[];
  /** The result of `cgroups.createPath` for the driver in use. */
  readonly cgroupsPath: string;
  /** For the OCI runtime; default none. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** Cgroup version of the host; on 2 the plugin gets a cgroup namespace. Default 1. */
  readonly cgroupVersion?: 1 | 2 | undefined;
  /** Bounds on the use of the host; default none. */
  readonly limits?: PluginLimits | undefined;
  /** False when the kernel cannot limit swap. Default true. */
  readonly limitsSwap?: boolean | undefined;
}

/** A spec, and notices about it for the operator. */
export interface CreatedRuntimeSpec {
  readonly spec: RuntimeSpec;
  readonly notices: readonly string[];
}

/**
 * Create the runtime spec of a plugin.
 *
 * As in Docker, the process is root whatever `User` says, and there is no terminal. Unlike Docker's, inheritable
 * capabilities are empty (CVE-2022-24769).
 * @throws {OutboardError} invalid: a config that `validatePluginConfig` refuses (a record that
 *   Docker wrote was never validated), a mount without source or against the rules, no entrypoint
 * @see OCI runtime-spec v1.0.2
 */
export function createRuntimeSpec(input: RuntimeSpecInput): CreatedRuntimeSpec {
  const { config, settings, security, limits = {}, limitsSwap = true } = input;
  validatePluginConfig(config, { strictness: 'pull' });
  const { mounts, sharedDestinations, notices } = createPluginMounts({
    ...input,
    hasInit: input.init !== undefined,
    temporaryDirectories: security.readOnlyRootfs,
  });
  const network = networkToJoin(input);
  const isPrivateToPlugin = (path: string) => {
    // A mask on a shared mount would mask the host's path too.
    return !sharedDestinations.some((destination) => isAtOrBelow(path, destination));
  };
  const spec: RuntimeSpec = {
    ociVersion: '1.0.2',
    ...(network === undefined ? {} : { hostname: network.hostname }),
    root: { path: input.rootfsPath, readonly: security.readOnlyRootfs },
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: [...(input.init ?? []), ...processArguments(config, settings)],
      env: processEnvironment(settings),
      cwd: cleanAbsolutePath(config.workDir) ?? '/',
      capabilities: processCapabilities(config),
      noNewPrivileges: security.noNewPrivileges,
      ...(limits.openFiles !== undefined && { rlimits: createRlimits(limits.openFiles) }),
      ...(security.apparmorProfile !== undefined && { apparmorProfile: security.apparmorProfile }),
    },
    mounts,
    linux: {
      namespaces: namespaces(config, input.cgroupVersion ?? 1).map((type) => namespaceOf(type, input)),
      devices: deviceNodes(input.devices, mounts),
      resources: { devices: deviceRules(config, input.devices), ...createLimits(limits, { limitsSwap }) },
      cgroupsPath: input.cgroupsPath,
      ...(config.propagatedMount === '' ? {} : { rootfsPropagation: 'rshared' as const }),
      maskedPaths: containerDefaults.maskedPaths.filter(isPrivateToPlugin),
      readonlyPaths: containerDefaults.readonlyPaths.filter(isPrivateToPlugin),
      ...(security.seccomp !== undefined && { seccomp: security.seccomp }),
    },
    ...(input.annotations !== undefined && { annotations: input.annotations }),
  };
  return { spec, notices };
}

function processArguments(config: PluginConfig, settings: PluginSettings): readonly string[] {
  const entrypoint = config.entrypoint ?? [];
  if (entrypoint.length > 0) return [...entrypoint, ...settings.args];
  throw new OutboardError('invalid', 'cannot start the plugin: its config has no entrypoint');
}

function processEnvironment(settings: PluginSettings): readonly string[] {
  // Of two PATH entries the runtime could use one, and the plugin the other.
  const hasPath = settings.env.some((entry) => entry.startsWith('PATH='));
  return hasPath ? settings.env : [containerDefaults.path, ...settings.env];
}

function processCapabilities(config: PluginConfig): RuntimeSpec['process']['capabilities'] {
  const all = pluginCapabilities(config);
  return { bounding: all, effective: all, permitted: all, inheritable: [], ambient: [] };
}

function namespaces(config: PluginConfig, cgroupVersion: 1 | 2): readonly SpecNamespace[] {
  const list: SpecNamespace[] = ['mount', 'uts'];
  if (config.network.type !== 'host') list.push('network');
  if (!config.pidHost) list.push('pid');
  if (!config.ipcHost) list.push('ipc');
  if (cgroupVersion === 2) list.push('cgroup');
  return list;
}

/** With the host's `/dev` mounted, the nodes exist already, and the runtime would create them on the host. */
function deviceNodes(devices: readonly SpecDevice[], mounts: readonly SpecMount[]): readonly SpecDevice[] {
  return mounts.some(({ destination, type }) => destination === '/dev' && type === 'bind') ? [] : devices;
}

function deviceRules(
  config: PluginConfig,
  devices: readonly SpecDevice[],
): RuntimeSpec['linux']['resources']['devices'] {
  const base = config.linux.allowAllDevices
    ? [{ allow: true, access: 'rwm' }]
    : containerDefaults.deviceRules;
  return [
    ...base,
    ...devices.map(({ type, major, minor }) => ({ allow: true, type, major, minor, access: 'rwm' })),
  ];
}
