/**
 * The runtime spec of a plugin on this host: its record, and the facts of the host that the spec depends on.
 */
import {
  type AppArmor,
  type CgroupDriver,
  cgroups,
  type FileSystemProbe,
  hostMounts,
} from '@outboard/container';
import { optionsOf } from '../../config/options-in-force.ts';
import type { PluginRecord } from '../../config/plugin-config.ts';
import type { PluginOptions } from '../../config/plugin-options.ts';
import { stopGraceMs } from '../../config/supervision-options.ts';
import type { ValueSurroundings } from '../../config/value-source.ts';
import { findMissingHostFiles } from '../../preflight/host-files.ts';
import { type ContainerInit, findContainerInit, initArguments } from '../../spec/container-init.ts';
import { type CreatedRuntimeSpec, createRuntimeSpec } from '../../spec/create-runtime-spec.ts';
import { resolveDevices } from '../../spec/devices.ts';
import type { JoinedNetwork } from '../../spec/joined-network.ts';
import { decidePluginSecurity } from '../../spec/plugin-security.ts';
import type { PluginPaths } from '../../store/plugin-layout.ts';
import { resolveEnvironment } from './resolve-values.ts';

/** Parts that the description takes. */
export interface DescribeContainerDeps {
  readonly appArmor: AppArmor;
  readonly cgroupDriver: CgroupDriver;
  readonly metricsSocket: string | undefined;
  /** Credentials and environment that values of settings can come from. */
  readonly values: ValueSurroundings;
}

/** Surroundings of the container that its spec names. */
export interface ContainerSurroundings {
  readonly paths: PluginPaths;
  readonly socketDirectory: string;
  /** Host side of the directory of log FIFOs; undefined for none. */
  readonly logDirectory: string | undefined;
  /** Attaches the plugin to its network; undefined for plugins without one of their own. */
  readonly attachNetwork: () => Promise<JoinedNetwork | undefined>;
  readonly signal: AbortSignal;
}

/** A described container. */
export interface DescribedContainer extends CreatedRuntimeSpec {
  /** The init to copy into the socket directory; undefined for a plugin without one. */
  readonly init: ContainerInit | undefined;
}

/** @throws {OutboardError} when the plugin cannot or must not be started like this; the signal's reason */
export async function describeContainer(
  record: PluginRecord,
  { paths, socketDirectory, logDirectory, attachNetwork, signal }: ContainerSurroundings,
  deps: DescribeContainerDeps,
  probe: FileSystemProbe,
): Promise<DescribedContainer> {
  const { config, settings } = record;
  const options = optionsOf(record);
  const { limits = {} } = options;
  const { devices, notices } = await resolveDevices(settings.devices, (path) =>
    probe.status(path, { followLinks: false }),
  );
  const env = await resolveEnvironment(settings, deps.values, { signal });
  const network = await attachNetwork();
  const { security, ...decided } = await decidePluginSecurity(config, options.security ?? {}, deps.appArmor);
  const init = options.init === true ? await findContainerInit() : undefined;
  const created = createRuntimeSpec({
    config,
    settings: { ...settings, env },
    devices,
    security,
    rootfsPath: paths.rootfs,
    init: init && initArguments(init),
    socketDirectory,
    cgroupsPath: cgroups.createPath(record.id, deps.cgroupDriver),
    annotations: deps.cgroupDriver === 'systemd' ? annotationsOf(options) : undefined,
    metricsSocket: deps.metricsSocket,
    logDirectory,
    network,
    missingHostFiles: await findMissingHostFiles(config, probe),
    cgroupVersion: await readCgroupVersion(),
    limits,
    limitsSwap: limits.memoryBytes !== undefined && (await cgroups.canLimitSwap()),
    propagatedMountPath: config.propagatedMount === '' ? undefined : paths.propagatedMount,
  });
  return { ...created, init, notices: [...notices, ...decided.notices, ...created.notices] };
}

function annotationsOf(options: PluginOptions): Readonly<Record<string, string>> {
  return cgroups.scopeAnnotations({
    limitsTasks: options.limits?.pids !== undefined,
    stopTimeoutMs: stopGraceMs(options),
  });
}

async function readCgroupVersion(): Promise<1 | 2> {
  const mounts = await hostMounts.read();
  const root = mounts.findLast(({ mountPoint }) => mountPoint === '/sys/fs/cgroup');
  return root?.fileSystem === 'cgroup2' ? 2 : 1;
}
