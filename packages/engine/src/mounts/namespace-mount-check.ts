/**
 * Compares the mount table of a plugin's process with that of this process. A mount that a plugin makes reaches the host
 * only below its propagated mount, and may be lost on either side: where it is missing, its path leads to another file
 * system, on which data would be written that nobody finds again.
 * @see mount_namespaces(7)
 */
import { basename, dirname } from 'node:path';
import type { Cancellable } from '@outboard/async';
import {
  type ContainerTree,
  createFileSystemProbe,
  createHostFiles,
  type GuardedMounts,
  hostMounts,
  isAtOrBelow,
  isErrno,
  type MountEntry,
} from '@outboard/container';
import { isOutboardError, OutboardError } from '@outboard/oci';
import type { Logger } from 'pino';
import type { PluginDriver } from '../drivers/plugin-drivers.ts';
import { describeConsumer, showConsumer } from '../references/consumer.ts';
import { type CheckedMount, type MountCheck, mountLost } from './mount-check.ts';

/** A plugin whose process runs. */
export interface RunningPlugin {
  readonly pid: number;
  readonly tree: ContainerTree;
}

/** Parts of the check. */
export interface MountCheckDeps {
  /** @returns undefined for a plugin that does not run */
  readonly running: (pluginId: string) => RunningPlugin | undefined;
  /** Directory for the dead mounts of a plugin. */
  readonly gravesOf: (pluginId: string) => string;
  /** Guards of directories below the mounts of a plugin. */
  readonly guardsOf: (pluginId: string) => GuardedMounts;
  readonly logger: Logger;
}

/** The check of managed plugins. Paths of others are on the host already. */
export function createMountCheck({ running, gravesOf, guardsOf, logger }: MountCheckDeps): MountCheck {
  return {
    async check(driver, mountpoint, options = {}) {
      const hostPath = await driver.toHostPath(mountpoint, options);
      if (hostPath === '') return { hostPath, fileSystem: '', device: '', pid: 0 };
      const plugin = driver.pluginId === undefined ? undefined : requireRunning(driver, running);
      const mount =
        plugin === undefined
          ? mountAt(await hostMounts.read(), hostPath)
          : (await viewsOf(plugin, mountpoint)).compare({ mountpoint, hostPath });
      await requirePresent(hostPath, mount, options);
      const { fileSystem = '', device = '' } = mount ?? {};
      return { hostPath, fileSystem, device, pid: plugin?.pid ?? 0 };
    },
    async checkAll(driver, mountpoints, options = {}) {
      const results = await driver.toHostPaths(mountpoints, options);
      options.signal?.throwIfAborted();
      const hostPaths = results.map((each) => (each.status === 'fulfilled' ? each.value : undefined));
      if (driver.pluginId === undefined || !hostPaths.some(Boolean)) return hostPaths;
      const views = await viewsOf(requireRunning(driver, running), mountpoints.join(', ').slice(0, 200));
      return hostPaths.map((hostPath, index) =>
        hostPath && views.agree({ mountpoint: mountpoints[index] ?? '', hostPath }) ? hostPath : undefined,
      );
    },
    async bury({ pluginId }, mount) {
      if (pluginId === undefined || !mount.fileSystem.startsWith('fuse') || !(await isMounted(mount))) return;
      const { hostPath } = mount;
      try {
        await hostMounts.bury(gravesOf(pluginId), hostPath);
      } catch (error) {
        logger.warn({ err: error, hostPath }, 'containers that hold a dead mount will not get a new one');
      }
    },
    async revive({ pluginId }, hostPath) {
      if (pluginId === undefined) return;
      try {
        const dead = await hostMounts.revive(gravesOf(pluginId), hostPath);
        logger.info({ hostPath }, 'a held volume was mounted again');
        for (const device of dead) await warnOfUnreached(device, logger);
      } catch (error) {
        logger.error({ err: error, hostPath }, 'a new mount does not reach those that hold the old one');
      }
    },
    async expose({ pluginId }, hostPath) {
      if (pluginId === undefined) return;
      try {
        await hostMounts.liftGuard(guardsOf(pluginId), hostPath);
      } catch (error) {
        logger.warn({ err: error, hostPath }, 'the directory of a volume stays immutable');
      }
    },
    pidOf: ({ pluginId }) => (pluginId === undefined ? 0 : (running(pluginId)?.pid ?? 0)),
    isMounted,
    async detach(mount) {
      const { hostPath } = mount;
      if (await isMounted(mount)) await hostMounts.unmountAt(dirname(hostPath), [basename(hostPath)]);
    },
  };
}

function requireRunning(
  { name, pluginId = '' }: PluginDriver,
  running: MountCheckDeps['running'],
): RunningPlugin {
  const plugin = running(pluginId);
  if (plugin !== undefined) return plugin;
  throw new OutboardError('unavailable', `plugin ${name} does not run`, { code: 'plugin-connection-lost' });
}

/** A path in both mount namespaces. */
interface MountPath {
  readonly mountpoint: string;
  readonly hostPath: string;
}

/** The mounts of a plugin and of the host at one moment. */
class MountViews {
  readonly #tree: ContainerTree;
  readonly #plugin: readonly MountEntry[];
  readonly #atHost: (path: string) => MountEntry | undefined;
  readonly #inPlugin: (path: string) => MountEntry | undefined;

  constructor(host: readonly MountEntry[], plugin: readonly MountEntry[], tree: ContainerTree) {
    this.#tree = tree;
    this.#plugin = plugin;
    this.#atHost = hostMounts.lookUp(host);
    this.#inPlugin = hostMounts.lookUp(plugin);
  }

  /**
   * @returns the plugin's mount, which the host sees as well; undefined for a directory of the plugin
   * @throws {OutboardError} system, code `mount-lost`, when both see different file systems
   */
  compare(path: MountPath): MountEntry | undefined {
    const { hostPath } = path;
    const { hostRoot, pluginRoot, isPropagated } = rootsOf(this.#tree, hostPath);
    const hostBase = this.#atHost(bytesOf(hostRoot));
    const bound = isPropagated ? this.#findBound(bytesOf(pluginRoot), hostBase) : undefined;
    const inside = `${bound?.mountPoint ?? bytesOf(pluginRoot)}${bytesOf(hostPath.slice(hostRoot.length))}`;
    const pluginBase = bound ?? this.#inPlugin(bytesOf(pluginRoot));
    const seenByPlugin = this.#inPlugin(inside);
    const seenByHost = this.#atHost(bytesOf(hostPath));
    const isMount = seenByPlugin?.id !== pluginBase?.id;
    if (!isMount && seenByHost?.id === hostBase?.id) return undefined;
    if (isMount && isSameFileSystem(seenByPlugin, seenByHost)) return seenByHost;
    throw difference(path, { seenByPlugin: isMount ? seenByPlugin : undefined, seenByHost, isPropagated });
  }

  /** True if both see the same at a path. */
  agree(path: MountPath): boolean {
    try {
      this.compare(path);
      return true;
    } catch (error) {
      if (isOutboardError(error)) return false;
      throw error;
    }
  }

  /** The propagated mount in the plugin: links of its root filesystem may have led the runtime to another path. */
  #findBound(path: string, hostBase: MountEntry | undefined): MountEntry | undefined {
    const bound = this.#plugin.filter((entry) => isSameFileSystem(entry, hostBase));
    return bound.find(({ mountPoint }) => mountPoint === path) ?? bound.at(-1);
  }
}

/** The error of a path at which plugin and host have different mounts. */
function difference(
  { mountpoint, hostPath }: MountPath,
  seen: {
    readonly seenByPlugin: MountEntry | undefined;
    readonly seenByHost: MountEntry | undefined;
    readonly isPropagated: boolean;
  },
): OutboardError {
  const { seenByPlugin, seenByHost, isPropagated } = seen;
  if (seenByPlugin === undefined) {
    const type = seenByHost?.fileSystem;
    return lost(
      `the host has ${type} mounted at ${JSON.stringify(hostPath)}, and the plugin does not see it`,
    );
  }
  const mounted = `the plugin has ${seenByPlugin.fileSystem} mounted at ${JSON.stringify(mountpoint)}`;
  if (isPropagated) return lost(`${mounted}, and the host does not see it`);
  const want = 'want a path below the "propagatedMount" of its config';
  return new OutboardError('system', `${mounted}, which the host cannot see: ${want}`);
}

/** The directory of the plugin that holds a path, on both sides. */
function rootsOf({ rootfs, propagatedMount }: ContainerTree, hostPath: string) {
  return propagatedMount !== undefined && isAtOrBelow(hostPath, propagatedMount.hostPath)
    ? { hostRoot: propagatedMount.hostPath, pluginRoot: propagatedMount.path, isPropagated: true }
    : { hostRoot: rootfs, pluginRoot: '', isPropagated: false };
}

function isSameFileSystem(a: MountEntry | undefined, b: MountEntry | undefined): boolean {
  return a !== undefined && b !== undefined && a.device === b.device && a.root === b.root;
}

async function viewsOf({ pid, tree }: RunningPlugin, mountpoint: string): Promise<MountViews> {
  try {
    return new MountViews(await hostMounts.read(), await hostMounts.read(pid), tree);
  } catch (cause) {
    if (!isErrno(cause, 'ENOENT', 'ESRCH', 'EINVAL')) throw cause;
    const message = `the plugin ended before its mount at ${JSON.stringify(mountpoint)} could be checked`;
    throw new OutboardError('unavailable', message, { cause, code: 'plugin-connection-lost' });
  }
}

/** Name the containers that keep a dead mount: theirs is private, or a bind of a directory in the volume. */
async function warnOfUnreached(device: string, logger: Logger): Promise<void> {
  const holders = await hostMounts.findHolders(device);
  for (const { pid, mountPoint } of holders.filter(({ isCovered }) => !isCovered)) {
    const consumer = showConsumer(describeConsumer(pid));
    const remedy =
      'a process keeps a dead mount, because its mounts do not propagate from the host: restart it';
    logger.warn({ consumer, pid, mountPoint }, remedy);
  }
}

async function isMounted({ hostPath, device }: Pick<CheckedMount, 'hostPath' | 'device'>): Promise<boolean> {
  return mountAt(await hostMounts.read(), hostPath)?.device === device;
}

/** The mount exactly at a path. */
function mountAt(host: readonly MountEntry[], path: string): MountEntry | undefined {
  const entry = hostMounts.lookUp(host)(bytesOf(path));
  return entry?.mountPoint === bytesOf(path) ? entry : undefined;
}

/** File systems of a plugin may never answer: a child process looks at them. */
async function requirePresent(
  hostPath: string,
  mount: CheckedMountEntry,
  options: Cancellable,
): Promise<void> {
  const path = JSON.stringify(hostPath);
  if (mount === undefined) {
    // A legacy driver names any path of the host, which may lie below a mount or lead to one.
    const type = await createHostFiles({ signal: options.signal }).typeOf(hostPath);
    if (type === 'absent') throw lost(`the path that the driver reports does not exist: ${path}`);
    return;
  }
  const probe = createFileSystemProbe({ signal: options.signal });
  // The kernel may still know the status of a directory whose file system has just lost its server, never its free space.
  const space = await probe.space(hostPath);
  const isUsable = space.kind === 'found' || (space.kind === 'unreachable' && space.reason === noSpace);
  const status = isUsable ? await probe.status(hostPath, { followLinks: false }) : space;
  if (status.kind === 'found') return;
  if (status.kind === 'missing') throw lost(`the path that the driver reports does not exist: ${path}`);
  const message = `the file system that the driver mounted at ${path} cannot be used: ${status.reason}`;
  if (status.reason === 'transport endpoint is not connected') throw lost(message);
  throw new OutboardError('unavailable', message, { code: 'plugin-timeout' });
}

/** The answer of a FUSE file system that has no figures of its space, such as sshfs with many servers: it lives. */
const noSpace = 'operation not supported';

type CheckedMountEntry = Pick<CheckedMount, 'fileSystem' | 'device'> | undefined;

function lost(message: string): OutboardError {
  return new OutboardError('system', message, { code: mountLost });
}

/** A path as mount tables spell it. */
function bytesOf(path: string): string {
  return Buffer.from(path, 'utf8').toString('latin1');
}
