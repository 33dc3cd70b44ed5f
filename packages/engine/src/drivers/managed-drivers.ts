/**
 * Managed plugins as drivers: clients behind gates, and paths of their trees.
 */
import {
  type ContainerTree,
  cleanAbsolutePath,
  resolveHostPath,
  resolveHostPaths,
} from '@outboard/container';
import type { PluginClient } from '@outboard/protocol';
import type { PluginRecord } from '../config/plugin-config.ts';
import type { PluginPaths } from '../store/plugin-layout.ts';
import { ManagedClients, type ManagedClientsDeps } from './managed-clients.ts';
import type { PluginDriver } from './plugin-drivers.ts';
import { shareClient } from './share-client.ts';

/** Parts of managed drivers. */
export interface ManagedDriversDeps extends ManagedClientsDeps {
  readonly paths: (id: string) => PluginPaths;
  /** Host side of `/run/docker/logging` in a plugin; absent: in its root filesystem. */
  readonly logDirectory?: ((id: string) => string) | undefined;
}

/** Clients of enabled plugins. */
export interface ManagedDrivers extends AsyncDisposable {
  /** The driver of an enabled plugin, whose calls wait at the gate. */
  driver(record: PluginRecord): PluginDriver;
  /** A driver whose calls pass the gate by, for the work that must be done before it opens. */
  ungated(id: string): PluginDriver | undefined;
  /**
   * Call another version from now on, whose record need not be saved yet. Connections to the one before are closed; drivers
   * that were given out before call the new one.
   */
  switchTo(record: PluginRecord): Promise<void>;
  /** Close the connections to a plugin that was disabled; pending calls fail, and later ones of drivers that were given out. */
  close(id: string): Promise<void>;
}

/** Start without connections. */
export function createManagedDrivers(deps: ManagedDriversDeps): ManagedDrivers {
  const clients = new ManagedClients(deps);

  function driver(record: PluginRecord, client: PluginClient): PluginDriver {
    const tree = () => treeOf(clients.versionOf(record), deps.paths(record.id));
    return {
      name: record.name,
      pluginId: record.id,
      client,
      logDirectory: deps.logDirectory?.(record.id),
      propagatedMount: treeOf(record, deps.paths(record.id)).propagatedMount?.hostPath,
      toHostPath: (path, options) => resolveHostPath(tree(), path, options),
      toHostPaths: (paths, options) => resolveHostPaths(tree(), paths, options),
    };
  }

  return {
    driver: (record) => driver(record, clients.gated(record)),
    ungated(id) {
      const record = clients.find(id);
      return record && driver(record, shareClient(clients.direct(record)));
    },
    switchTo: (record) => clients.switchTo(record),
    close: (id) => clients.close(id),
    [Symbol.asyncDispose]: () => clients[Symbol.asyncDispose](),
  };
}

/** Where paths of a plugin's container are on the host. */
export function treeOf({ config }: PluginRecord, paths: PluginPaths): ContainerTree {
  // The config may be invalid if another engine installed the plugin.
  const path = cleanAbsolutePath(config.propagatedMount);
  if (path === undefined || path === '/') return { rootfs: paths.rootfs };
  return { rootfs: paths.rootfs, propagatedMount: { path, hostPath: paths.propagatedMount } };
}
