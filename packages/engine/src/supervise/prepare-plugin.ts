/**
 * What a plugin has on the host around its container: the folder of its socket, the mount that it shares with the
 * host, and the runtime spec that ties them together.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BridgeOptions,
  type CgroupDriver,
  canLimitSwap,
  checkRootfs,
  cleanAbsolutePath,
  createAppArmor,
  createCgroupsPath,
  createCniNetworks,
  createFileSystemProbe,
  makeSharedMount,
  mountsBelow,
  type RunningContainers,
  readMountTable,
  removeTree,
  scopeAnnotations,
  unmountAt,
  unmountBelow,
  unmountDead,
} from '@outboard/container';
import { makeDirectories, OutboardError } from '@outboard/oci';
import type { Logger } from 'pino';
import type { PluginRecord } from '../config/plugin-config.ts';
import { servedCapabilities } from '../config/served-capabilities.ts';
import { findMissingHostFiles } from '../preflight/host-files.ts';
import type { Preflight } from '../preflight/preflight.ts';
import { findContainerInit, initArguments, placeContainerInit } from '../spec/container-init.ts';
import { createRuntimeSpec } from '../spec/create-runtime-spec.ts';
import { resolveDevices } from '../spec/devices.ts';
import { decidePluginSecurity } from '../spec/plugin-security.ts';
import { isPluginId, type PluginLayout, type PluginPaths } from '../store/plugin-layout.ts';
import { linkSocket, unlinkSocket } from '../store/socket-links.ts';
import { settleUpgrade } from '../store/upgrade-journal.ts';
import type { MountsToRemove, PluginHost } from './launch-plugin.ts';
import { createPlaceWatch } from './place-watch.ts';
import { stopGraceMs } from './supervision-options.ts';

export interface PluginHostOptions {
  readonly layout: PluginLayout;
  readonly execRoot: string;
  /** The daemon's socket with its metrics, if it has one: plugins that collect them get it. */
  readonly metricsSocket?: string;
  /** Of plugins whose network is `bridge`. */
  readonly bridge?: BridgeOptions;
  /** Who makes the cgroups of plugins that are started from now on. */
  readonly cgroupDriver: CgroupDriver;
  readonly containers: Pick<RunningContainers, 'sharesMountNamespace'>;
  readonly preflight: Pick<Preflight, 'clear'>;
  readonly logger: Logger;
}

/**
 * Where plugins live on this host, below the data root and the exec root.
 * @throws {OutboardError} invalid for wrong options of the bridge
 */
export function createPluginHost(options: PluginHostOptions): PluginHost {
  const { layout, execRoot, logger, metricsSocket, cgroupDriver } = options;
  const sockets = join(execRoot, 'plugins');
  const networks = createCniNetworks(options);
  const places = createPlaceWatch(execRoot);
  const appArmor = createAppArmor(join(execRoot, 'apparmor'));
  const socketDirectory = (id: string): string => join(sockets, id);
  const warnOfOtherNamespace = async (id: string, plugin: string): Promise<void> => {
    if ((await options.containers.sharesMountNamespace(id)) !== false) return;
    const remedy =
      'a plugin was started in another mount namespace than the daemon has now: what it mounts does not show here; ' +
      'restart it';
    logger.warn({ id, plugin }, remedy);
  };
  return {
    socketPath: (record) => join(socketDirectory(record.id), socketName(record)),
    check: (record, { signal }) => options.preflight.clear(record, { signal }),

    async prepare(record, options) {
      const paths = layout.plugin(record.id);
      const { config, settings } = record;
      const { limits = {} } = record.options;
      const probe = createFileSystemProbe(options);
      const { devices, notices } = await resolveDevices(settings.devices, (path) =>
        probe.status(path, { followLinks: false }),
      );
      const hasPropagatedMount = config.propagatedMount !== '';
      const network =
        config.network.type === 'bridge' ? await networks.attach(record.id, options) : undefined;
      const { security, ...decided } = await decidePluginSecurity(
        config,
        record.options.security ?? {},
        appArmor,
      );
      const init = record.options.init === true ? await findContainerInit() : undefined;
      const created = createRuntimeSpec({
        config,
        settings,
        devices,
        security,
        rootfsPath: paths.rootfs,
        ...(init !== undefined && { init: initArguments(init) }),
        socketDirectory: socketDirectory(record.id),
        cgroupsPath: createCgroupsPath(record.id, cgroupDriver),
        ...(cgroupDriver === 'systemd' && {
          annotations: scopeAnnotations({
            limitsTasks: limits.pids !== undefined,
            stopTimeoutMs: stopGraceMs(record.options),
          }),
        }),
        ...(metricsSocket !== undefined && { metricsSocket }),
        ...(network !== undefined && { network }),
        missingHostFiles: await findMissingHostFiles(config, probe),
        cgroupVersion: await cgroupVersion(),
        limits,
        limitsSwap: limits.memoryBytes !== undefined && (await canLimitSwap()),
        ...(hasPropagatedMount && { propagatedMountPath: paths.propagatedMount }),
      });
      // An upgrade that failed on a disk that failed may have left the tree of another version in place.
      await settleUpgrade(paths, record.manifestDigest);
      // What an instance before this one left mounted, if it ended with the daemon.
      await unmountPlugin(paths, options.mounts);
      await unmountOwn(paths, config.propagatedMount, created.spec.mounts);
      const { mounts, process } = created.spec;
      await checkRootfs(paths.rootfs, { mounts, workDir: process.cwd }, probe);
      for (const notice of [...notices, ...decided.notices, ...created.notices]) {
        logger.info({ id: record.id, plugin: record.name }, notice);
      }
      await makeSocketDirectory(sockets, socketDirectory(record.id));
      if (init !== undefined) await placeContainerInit(init, socketDirectory(record.id));
      await linkSocket(execRoot, record.id, socketName(record));
      await places.note(record.id);
      if (hasPropagatedMount) {
        await makeDirectories(paths.propagatedMount, { mode: 0o755 });
        await makeSharedMount(paths.propagatedMount);
      }
      return created.spec;
    },

    findDamage: (record, options) =>
      places.findDamage(record.id, join(socketDirectory(record.id), socketName(record)), options),

    // A bind mount stays with the socket that it was made of, which went with the daemon that listened there. A plugin
    // that serves something else as well is left alone: it has users.
    isBoundToDaemon: ({ config }) =>
      metricsSocket !== undefined &&
      (config.interface.types ?? []).every(({ capability }) => capability === 'metricscollector') &&
      servedCapabilities(config).includes('metricscollector'),

    async verify(record) {
      const { id, name, config } = record;
      await warnOfOtherNamespace(id, name);
      try {
        // A daemon of an earlier version, or a cleaner of the exec root, left none.
        await linkSocket(execRoot, id, socketName(record));
      } catch (error) {
        logger.warn(
          { err: error, id, plugin: name },
          "other programs find no short path of a plugin's socket",
        );
      }
      if (config.network.type !== 'bridge') return;
      try {
        await networks.check(id);
      } catch (error) {
        const remedy =
          'the network of a plugin is not as it was made; disable the plugin, then enable it again';
        logger.warn({ err: error, id, plugin: name }, remedy);
      }
    },

    async cleanUp(id, { mounts }) {
      await unmountPlugin(layout.plugin(id), mounts);
      places.forget(id);
      // The link first: what is left of the folder is found again, and all of it with it.
      await unlinkSocket(execRoot, id);
      await removeTree(socketDirectory(id));
      await networks.release(id);
    },

    async present() {
      const mounted = await mountedPlugins(layout.pluginsDirectory);
      const found = [...mounted, ...(await listFolder(sockets)), ...(await networks.present())];
      return [...new Set(found)].filter(isPluginId);
    },
  };
}

/** How many mounts may lie below others at the same places. */
const maxCovered = 64;

/** Also what a plugin mounted below its root filesystem, should that ever reach the host. */
async function unmountPlugin(paths: PluginPaths, mounts: MountsToRemove): Promise<void> {
  if (mounts === 'all') return unmountBelow(paths.directory);
  await unmountBelow(paths.rootfs);
  const places = (await mountsBelow(paths.propagatedMount)).map(({ mountPoint }) => mountPoint);
  // A plugin that mounts at each start over what it mounted before, and crashes, would fill the kernel's table.
  if (places.length - new Set(places).size > maxCovered) return unmountBelow(paths.propagatedMount);
  await unmountDead(paths.propagatedMount);
}

/**
 * Mounts that the runtime made for an instance before this one, below its propagated mount, show on the host as the
 * plugin's own do. They are made anew: what they were made of, such as the folder of the socket, may be another now.
 */
async function unmountOwn(
  paths: PluginPaths,
  propagated: string,
  mounts: readonly { readonly destination: string }[],
): Promise<void> {
  const root = cleanAbsolutePath(propagated);
  if (root === undefined || root === '/') return;
  const below = mounts.flatMap(({ destination }) =>
    destination.startsWith(`${root}/`) ? [destination.slice(root.length + 1)] : [],
  );
  if (below.length > 0) await unmountAt(paths.propagatedMount, below);
}

/** The names below the plugins' folder under which something is mounted. */
async function mountedPlugins(directory: string): Promise<readonly string[]> {
  const prefix = `${await realpath(directory)}/`;
  const mounts = await mountsBelow(directory);
  return mounts
    .filter(({ mountPoint }) => mountPoint.startsWith(prefix))
    .map(({ mountPoint }) => mountPoint.slice(prefix.length).replace(/\/.*$/s, ''));
}

/** Empty: a socket of an earlier run would look like that of this one. */
async function makeSocketDirectory(sockets: string, directory: string): Promise<void> {
  await makeDirectories(sockets, { mode: 0o700 });
  if (existsSync(directory)) await removeTree(directory);
  await mkdir(directory, { mode: 0o700 });
}

/**
 * The name of the socket in its folder, which the plugin's author chose.
 * @throws {OutboardError} invalid unless it is one path component: it must not lead out of the folder
 */
function socketName(record: PluginRecord): string {
  const name = record.config.interface.socket;
  if (name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name)) return name;
  throw new OutboardError('invalid', `socket "${name}" of plugin "${record.name}" is not a file name`);
}

async function cgroupVersion(): Promise<1 | 2> {
  const mounts = await readMountTable();
  const root = mounts.findLast(({ mountPoint }) => mountPoint === '/sys/fs/cgroup');
  return root?.fileSystem === 'cgroup2' ? 2 : 1;
}

async function listFolder(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
