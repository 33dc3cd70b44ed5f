/**
 * The mounts of a plugin's container, in order. Order is part of compatibility: kernel file systems, the propagated
 * mount, the config's mounts, then the socket directory, so that a plugin that mounts all of `/run` still
 * has its socket directory.
 * @see moby daemon/pkg/plugin/v2/plugin_linux.go (28.x), InitSpec
 */

import { containerDefaults, isAtOrBelow, type SpecMount, withoutVarRun } from '@outboard/container';
import { OutboardError } from '@outboard/oci';
import {
  type CheckedMount,
  checkMount,
  checkPath,
  isBindOption,
  isPropagationOption,
  logDirectoryInPlugin,
  socketDirectoryInPlugin,
} from '../config/mount-rules.ts';
import type { PluginConfig, PluginMount, PluginSettings } from '../config/plugin-config.ts';
import { servedCapabilities } from '../config/served-capabilities.ts';
import { confineSharedMounts } from '../config/shared-mounts.ts';
import { initMount } from './container-init.ts';
import { type JoinedNetwork, networkFileSources } from './joined-network.ts';

/** Input of the mounts of one plugin. */
export interface PluginMountsInput {
  readonly config: PluginConfig;
  readonly settings: PluginSettings;
  /** Host side of the propagated mount; needed when the config has one. */
  readonly propagatedMountPath?: string | undefined;
  /** Host side of `/run/docker/plugins`. */
  readonly socketDirectory: string;
  /** Host side of `/run/docker/metrics.sock`, for a plugin that collects metrics. */
  readonly metricsSocket?: string | undefined;
  /** Host side of `/run/docker/logging`, for a log driver; absent: its root filesystem has that directory. */
  readonly logDirectory?: string | undefined;
  /** Needed when the config's network is `bridge`. */
  readonly network?: JoinedNetwork | undefined;
  /** The files of `hostNetworkFiles` that the host lacks. Default none. */
  readonly missingHostFiles?: readonly string[] | undefined;
  /** True when an init in the socket directory starts the plugin. Default false. */
  readonly hasInit?: boolean | undefined;
  /** True: `/tmp` and `/run` are a tmpfs, for a read-only root filesystem. */
  readonly temporaryDirectories: boolean;
}

/** These precede the config's mounts, which may be below them or on them. */
const temporaryDirectories: readonly SpecMount[] = [
  temporaryDirectory('/tmp', 'mode=1777'),
  temporaryDirectory('/run', 'mode=755'),
];

function temporaryDirectory(destination: string, mode: string): SpecMount {
  return { destination, type: 'tmpfs', source: 'tmpfs', options: ['rw', 'nosuid', 'nodev', 'noexec', mode] };
}

/** The mounts of one plugin. */
export interface PluginMounts {
  readonly mounts: readonly SpecMount[];
  /** Container paths whose mounts are shared with the host: nothing else may be mounted below them. */
  readonly sharedDestinations: readonly string[];
  readonly notices: readonly string[];
}

/** A mount of the settings. */
interface UserMount extends SpecMount {
  readonly shared: boolean;
}

/**
 * Create all mounts of one plugin.
 * @throws {OutboardError} invalid: a mount without source, or one that the rules refuse; system: no host directory
 *   given for the propagated mount
 */
export function createPluginMounts(input: PluginMountsInput): PluginMounts {
  const notices: string[] = [];
  const { mounts: userMounts, warnings } = confineSharedMounts(
    input.settings.mounts.flatMap((mount) => toUserMount(mount, notices)),
  );
  notices.push(...warnings);
  const shared = userMounts.filter((mount) => mount.shared).map(({ destination }) => destination);
  const mounts = [
    ...containerDefaults.mounts.filter((mount) => !userMounts.some((user) => replacesDefault(user, mount))),
    ...(input.temporaryDirectories ? temporaryDirectories : []),
    ...propagatedMount(input),
    ...userMounts.filter((mount) => !mount.shared).map(toSpecMount),
    hostBind(input.socketDirectory, socketDirectoryInPlugin, 'rbind', 'rprivate'),
    ...(input.hasInit === true ? [initMount(input.socketDirectory)] : []),
    ...metricsSocket(input),
    ...logDirectory(input),
    ...networkFiles(input, shared, notices),
    // Last: a mount after a shared one could be made below it through a link in the root filesystem, and so on the host.
    ...userMounts.filter((mount) => mount.shared).map(toSpecMount),
  ];
  return { mounts, sharedDestinations: shared, notices };
}

function toSpecMount({ destination, type, source, options }: UserMount): SpecMount {
  return { destination, type, source, options };
}

function hostBind(source: string, destination: string, ...options: string[]): SpecMount {
  return { destination, type: 'bind', source, options };
}

function propagatedMount(input: PluginMountsInput): readonly SpecMount[] {
  if (input.config.propagatedMount === '') return [];
  if (input.propagatedMountPath === undefined) {
    throw new OutboardError('system', 'the config has a propagated mount: want its directory on the host');
  }
  const destination = checkPath(input.config.propagatedMount, 'PropagatedMount', 'config');
  return [hostBind(input.propagatedMountPath, destination, 'rbind', 'rw', 'rshared')];
}

/**
 * The socket that metrics collectors read. Docker mounts it read-only too, which does not prevent connections.
 * @see moby daemon/internal/metrics/plugin_unix.go (28.x)
 */
function metricsSocket({ config, metricsSocket }: PluginMountsInput): readonly SpecMount[] {
  if (metricsSocket === undefined || !servedCapabilities(config).includes('metricscollector')) return [];
  return [hostBind(metricsSocket, '/run/docker/metrics.sock', 'bind', 'ro', 'rprivate')];
}

/** FIFOs of a read-only mount can be read, and written to, but not removed. */
function logDirectory({ config, logDirectory }: PluginMountsInput): readonly SpecMount[] {
  if (logDirectory === undefined || !servedCapabilities(config).includes('logdriver')) return [];
  return [hostBind(logDirectory, logDirectoryInPlugin, 'bind', 'ro', 'rprivate')];
}

function networkFiles(
  input: PluginMountsInput,
  shared: readonly string[],
  notices: string[],
): readonly SpecMount[] {
  const { missingHostFiles = [] } = input;
  for (const path of missingHostFiles)
    notices.push(`the plugin goes without ${path}, which the host does not have`);
  return (
    [...networkFileSources(input)]
      .filter(([, source]) => !missingHostFiles.includes(source))
      // On a shared `/etc` of the host (hpe) they would be mounted on the host as well, read-only.
      .filter(([path]) => !shared.some((destination) => isAtOrBelow(path, destination)))
      .map(([path, source]) => hostBind(source, path, 'rbind', 'ro', 'rprivate'))
  );
}

/**
 * True when a mount at or above a kernel file system replaces it.
 *
 * (Docker mounts both; its attempt to drop the first one drops others as well.)
 */
function replacesDefault(user: SpecMount, kernel: SpecMount): boolean {
  return isAtOrBelow(kernel.destination, user.destination);
}

function toUserMount(mount: PluginMount, notices: string[]): readonly UserMount[] {
  const label = mount.name === '' ? mount.destination : mount.name;
  const checked = checkMount(mount, `mount ${JSON.stringify(label)}`);
  if (checked.kind === 'tmpfs') return [{ ...tmpfsMount(checked), shared: false }];
  if (mount.source === null || mount.source === '') {
    if (mount.settable?.includes('source') !== true) {
      throw new OutboardError('invalid', `mount source is not specified: mount ${JSON.stringify(label)}`);
    }
    notices.push(`mount ${JSON.stringify(label)} is left out: its source is not set`);
    return [];
  }
  const source = checkPath(mount.source, 'Source', `mount ${JSON.stringify(label)}`);
  if (withoutVarRun(checked.destination) === socketDirectoryInPlugin) {
    notices.push(
      `mount ${JSON.stringify(label)} is left out: the plugin's own socket directory is mounted there`,
    );
    return [];
  }
  return [{ ...bindMount(source, checked), shared: checked.shared }];
}

function bindMount(source: string, { destination, options }: CheckedMount): SpecMount {
  const added = [
    ...(options.some(isBindOption) ? [] : ['rbind']),
    // Without an option the mount would have the propagation of the root, which is shared when there is a propagated
    // mount. Mounts below it would then be visible on the host without consent.
    ...(options.some(isPropagationOption) ? [] : ['rslave']),
  ];
  return { destination, type: 'bind', source, options: [...options.map(withMountsBelow), ...added] };
}

/** Without the "r", "private" and "slave" leave the mounts below the source shared with the host. */
function withMountsBelow(option: string): string {
  return option === 'private' || option === 'slave' ? `r${option}` : option;
}

function tmpfsMount({ destination, options }: CheckedMount): SpecMount {
  const defaults = ['nosuid', 'nodev', ...(options.includes('exec') ? [] : ['noexec'])];
  const added = defaults.filter((option) => !options.includes(option));
  return { destination, type: 'tmpfs', source: 'tmpfs', options: [...options, ...added] };
}
