/**
 * Managed plugins as drivers: one client for each enabled plugin.
 */
import {
  type ContainerTree,
  cleanAbsolutePath,
  resolveHostPath,
  resolveHostPaths,
} from '@outboard/container';
import { createPluginClient, type PluginClient } from '@outboard/protocol';
import type { PluginRecord } from '../config/plugin-config.ts';
import type { PluginPaths } from '../store/plugin-layout.ts';
import type { PluginDriver } from './plugin-drivers.ts';
import { shareClient } from './share-client.ts';

/** Parts of managed drivers. */
export interface ManagedDriversDeps {
  readonly socketPath: (record: PluginRecord) => string;
  readonly paths: (id: string) => PluginPaths;
  /** Host side of `/run/docker/logging` in a plugin; absent: in its root filesystem. */
  readonly logDirectory?: ((id: string) => string) | undefined;
}

/** Clients of enabled plugins. */
export interface ManagedDrivers extends AsyncDisposable {
  /** The driver of an enabled plugin. */
  driver(record: PluginRecord): PluginDriver;
  /** Close the connections to a plugin that was disabled; pending calls fail. */
  close(id: string): Promise<void>;
}

/** Start without connections. */
export function createManagedDrivers(deps: ManagedDriversDeps): ManagedDrivers {
  const clients = new Map<string, { readonly own: PluginClient; readonly shared: PluginClient }>();

  function clientOf(record: PluginRecord): PluginClient {
    const known = clients.get(record.id);
    if (known !== undefined) return known.shared;
    const own = createPluginClient({
      socketPath: deps.socketPath(record),
      timeoutMs: record.timeoutSeconds * 1000,
    });
    const shared = shareClient(own);
    clients.set(record.id, { own, shared });
    return shared;
  }

  async function close(id: string): Promise<void> {
    const client = clients.get(id);
    clients.delete(id);
    await client?.own[Symbol.asyncDispose]();
  }

  return {
    driver: (record) => ({
      name: record.name,
      pluginId: record.id,
      client: clientOf(record),
      logDirectory: deps.logDirectory?.(record.id),
      toHostPath: (path, options) => resolveHostPath(treeOf(record, deps.paths(record.id)), path, options),
      toHostPaths: (paths, options) =>
        resolveHostPaths(treeOf(record, deps.paths(record.id)), paths, options),
    }),
    close,
    async [Symbol.asyncDispose]() {
      await Promise.all([...clients.keys()].map(close));
    },
  };
}

function treeOf({ config }: PluginRecord, paths: PluginPaths): ContainerTree {
  // The config may be invalid if another engine installed the plugin.
  const path = cleanAbsolutePath(config.propagatedMount);
  if (path === undefined || path === '/') return { rootfs: paths.rootfs };
  return { rootfs: paths.rootfs, propagatedMount: { path, hostPath: paths.propagatedMount } };
}
