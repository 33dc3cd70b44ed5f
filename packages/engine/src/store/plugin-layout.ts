/**
 * Where things lie on disk: one place that knows the names of files and folders below the data root and the
 * exec root. Same shapes as Docker's, so that an existing plugin directory can be taken over.
 */

import { join } from 'node:path';
import { isContainerId } from '@outboard/container';

/** What one plugin has below the data root. */
export interface PluginPaths {
  readonly directory: string;
  /** The record. */
  readonly record: string;
  readonly rootfs: string;
  /** Who holds the plugin; absent when no one does. */
  readonly references: string;
  /** Why it last failed; absent when it never did. */
  readonly lastFailure: string;
  /** What it wrote to stdout and stderr; survives upgrades. */
  readonly logs: string;
  /** What the plugin mounts for the host to see; survives upgrades. */
  readonly propagatedMount: string;
  /** The other tree of an upgrade under way: the new one before the exchange, the old one after it. */
  readonly upgradeRootfs: string;
  /** Tells recovery which of the two trees is the new one. */
  readonly upgradeJournal: string;
}

export interface PluginLayout {
  /** `DATA_ROOT/plugins`. */
  readonly pluginsDirectory: string;
  /** Staging; emptied at start. */
  readonly stagingDirectory: string;
  /** Root of the content store. */
  readonly contentDirectory: string;
  plugin(id: string): PluginPaths;
  /** The name that a plugin's directory has while it is being deleted. */
  removing(id: string): string;
}

const removingSuffix = '-removing';

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

/** The same names below any directory, such as one that is still being staged. */
export function pluginPaths(directory: string): PluginPaths {
  return {
    directory,
    record: join(directory, 'config.json'),
    references: join(directory, 'uses.json'),
    lastFailure: join(directory, 'last-failure.json'),
    rootfs: join(directory, 'rootfs'),
    logs: join(directory, 'logs'),
    propagatedMount: join(directory, 'propagated-mount'),
    upgradeRootfs: join(directory, 'rootfs.upgrade'),
    upgradeJournal: join(directory, 'upgrade.json'),
  };
}

/** Whether a name below the plugins directory is a plugin's ID, which is its container's too. */
export function isPluginId(name: string): boolean {
  return isContainerId(name);
}

/** Whether a name below the plugins directory is a plugin whose removal was begun. */
export function isBeingRemoved(name: string): boolean {
  return name.endsWith(removingSuffix) && isPluginId(name.slice(0, -removingSuffix.length));
}
