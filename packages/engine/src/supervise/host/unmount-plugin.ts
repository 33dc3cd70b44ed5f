/**
 * Mounts below the directories of plugins, and their removal.
 */
import { realpath } from 'node:fs/promises';
import { cleanAbsolutePath, hostMounts, type MountEntry } from '@outboard/container';
import type { Logger } from 'pino';
import type { PluginPaths } from '../../store/plugin-layout.ts';
import type { MountsToRemove } from './plugin-host.ts';

/** Bound on mounts that other mounts at the same path cover. */
const maxCovered = 64;

/**
 * Unmount a plugin's mounts, including any below its root filesystem that reached the host. Dead mounts are kept out of
 * sight, for the containers that hold them.
 */
export async function unmountPlugin(
  paths: PluginPaths,
  mounts: MountsToRemove,
  logger: Logger,
): Promise<void> {
  if (mounts === 'all') {
    await hostMounts.unmountBelow(paths.directory);
    return liftGuards(paths, logger);
  }
  await hostMounts.unmountBelow(paths.rootfs);
  const points = (await hostMounts.below(paths.propagatedMount)).map(({ mountPoint }) => mountPoint);
  // A plugin that crashes and mounts again over its old mounts at each start would fill the kernel's mount table.
  if (points.length - new Set(points).size > maxCovered)
    return hostMounts.unmountBelow(paths.propagatedMount);
  await hostMounts.unmountDead(paths.propagatedMount, async (mount) => {
    await bury(paths, mount, logger);
    await guard(paths, mount, logger);
  });
}

/** @see PluginHost.keepServedMounts */
export async function keepServedMounts(paths: PluginPaths, logger: Logger): Promise<void> {
  try {
    const mounts = await hostMounts.below(paths.propagatedMount);
    for (const mount of mounts.filter(({ fileSystem }) => fileSystem.startsWith('fuse'))) {
      const holders = await hostMounts.findHolders(mount.device);
      // The plugin itself has one mount. Nobody else: nothing is kept, since that would keep its server waiting.
      const isHeld = holders.filter(({ isReachable }) => isReachable).length > 1;
      if (isHeld) await bury(paths, mount, logger);
    }
  } catch (error) {
    logger.warn({ err: error }, 'cannot find the containers that hold mounts of a plugin');
  }
}

async function bury(paths: PluginPaths, { mountPoint }: MountEntry, logger: Logger): Promise<void> {
  const path = Buffer.from(mountPoint, 'latin1').toString('utf8');
  try {
    await hostMounts.bury(paths.deadMounts, path);
  } catch (error) {
    logger.warn({ err: error, path }, 'containers that hold a dead mount will not get a new one');
  }
}

/** Until its volume is mounted anew, nobody writes to the directory below. Lifted by the keeper of mounts for all others. */
async function guard(paths: PluginPaths, { mountPoint }: MountEntry, logger: Logger): Promise<void> {
  const path = Buffer.from(mountPoint, 'latin1').toString('utf8');
  try {
    await hostMounts.guard(paths, path);
  } catch (error) {
    logger.warn({ err: error, path }, 'the directory below a dead mount can be written to');
  }
}

/** A flag that stays does not keep the plugin from being removed. */
async function liftGuards(paths: PluginPaths, logger: Logger): Promise<void> {
  try {
    await hostMounts.liftGuards(paths);
  } catch (error) {
    logger.warn({ err: error }, 'a directory below the mounts of a plugin stays immutable');
  }
}

/**
 * Unmount the runtime's own mounts of an earlier run below the propagated mount. They show on the host like the plugin's
 * mounts, and their sources, such as the socket directory, may have been replaced since.
 * @param propagated the propagated mount's path in the container
 */
export async function unmountRuntimeMounts(
  paths: PluginPaths,
  propagated: string,
  mounts: readonly { readonly destination: string }[],
): Promise<void> {
  const root = cleanAbsolutePath(propagated);
  if (root === undefined || root === '/') return;
  const below = mounts.flatMap(({ destination }) =>
    destination.startsWith(`${root}/`) ? [destination.slice(root.length + 1)] : [],
  );
  if (below.length > 0) await hostMounts.unmountAt(paths.propagatedMount, below);
}

/** The names in the plugins' directory below which something is mounted. */
export async function mountedPlugins(directory: string): Promise<readonly string[]> {
  const prefix = `${await realpath(directory)}/`;
  const mounts = await hostMounts.below(directory);
  return mounts
    .filter(({ mountPoint }) => mountPoint.startsWith(prefix))
    .map(({ mountPoint }) => mountPoint.slice(prefix.length).replace(/\/.*$/s, ''));
}
