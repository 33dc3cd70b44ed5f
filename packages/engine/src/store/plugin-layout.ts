/**
 * Names of files and directories below the data root. They are Docker's, so that an existing directory of plugins can be
 * used.
 */

import { join } from 'node:path';
import { isContainerId } from '@outboard/container';

/** Paths of one plugin below the data root. */
export interface PluginPaths {
  readonly directory: string;
  /** The record. */
  readonly record: string;
  readonly rootfs: string;
  /** References to the plugin; absent when there are none. */
  readonly references: string;
  /** Its last failure; absent when there was none. */
  readonly lastFailure: string;
  /** Its stdout and stderr; survive upgrades. */
  readonly logs: string;
  /** Its propagated mount, which shows its mounts on the host; survives upgrades. */
  readonly propagatedMount: string;
  /** Dead mounts that containers may hold; see `buried-mounts.ts`. */
  readonly deadMounts: string;
  /** Notes of guarded directories below its propagated mount; see `mount-guards.ts`. */
  readonly mountGuards: string;
  /** The other tree of an upgrade under way: the new one before the exchange, the old one after it. */
  readonly upgradeRootfs: string;
  /** The root filesystem of the version before, for a roll-back; absent when there is none. */
  readonly previousRootfs: string;
  /** Names the new one of the two trees that are exchanged, for recovery. */
  readonly upgradeJournal: string;
}

/** Paths below one data root. */
export interface PluginLayout {
  /** `DATA_ROOT/plugins`. */
  readonly pluginsDirectory: string;
  /** Staging; emptied at start. */
  readonly stagingDirectory: string;
  /** Root of the content store. */
  readonly contentDirectory: string;
  plugin(id: string): PluginPaths;
  /** Path of a plugin's directory while it is being deleted. */
  removing(id: string): string;
}

const removingSuffix = '-removing';

/** @param dataRoot an absolute path */
export function createPluginLayout(dataRoot: string): PluginLayout {
  const pluginsDirectory = join(dataRoot, 'plugins');
  return {
    pluginsDirectory,
    stagingDirectory: join(pluginsDirectory, 'tmp'),
    contentDirectory: join(pluginsDirectory, 'storage'),
    plugin: (id) => pluginPaths(join(pluginsDirectory, id)),
    removing: (id) => join(pluginsDirectory, `${id}${removingSuffix}`),
  };
}

/** The paths of a plugin in any directory, such as a staged one. */
export function pluginPaths(directory: string): PluginPaths {
  return {
    directory,
    record: join(directory, 'config.json'),
    references: join(directory, 'uses.json'),
    lastFailure: join(directory, 'last-failure.json'),
    rootfs: join(directory, 'rootfs'),
    logs: join(directory, 'logs'),
    propagatedMount: join(directory, 'propagated-mount'),
    deadMounts: join(directory, 'dead-mounts'),
    mountGuards: join(directory, 'mount-guards'),
    upgradeRootfs: join(directory, 'rootfs.upgrade'),
    previousRootfs: join(directory, 'rootfs.previous'),
    upgradeJournal: join(directory, 'upgrade.json'),
  };
}

/** True for the name of a plugin's directory: its ID, which is also its container's. */
export function isPluginId(name: string): boolean {
  return isContainerId(name);
}

/** True for the name of a plugin's directory whose removal was begun. */
export function isBeingRemoved(name: string): boolean {
  return name.endsWith(removingSuffix) && isPluginId(name.slice(0, -removingSuffix.length));
}
