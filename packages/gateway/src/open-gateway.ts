/**
 * Opens a gateway: keeps one socket for each plugin of the source.
 */
import { join } from 'node:path';
import { createListeners, createSerialQueue } from '@outboard/async';
import { makeDirectories } from '@outboard/oci';
import type { Logger } from 'pino';
import { deriveAliases } from './aliases/derive-alias.ts';
import type {
  CreatePluginHandler,
  Gateway,
  GatewayAccess,
  GatewayEndpoint,
  GatewayPlugin,
  PluginSource,
} from './gateway.ts';
import { openPluginSocket, type PluginSocket } from './sockets/plugin-socket.ts';

/** Options of `openGateway`. */
export interface GatewayOptions<Plugin extends GatewayPlugin> {
  /** Directory of the sockets, which is made if it is missing. */
  readonly directory: string;
  readonly access: GatewayAccess;
  readonly source: PluginSource<Plugin>;
  readonly createHandler: CreatePluginHandler<Plugin>;
  readonly logger: Logger;
}

interface Served {
  readonly endpoint: GatewayEndpoint;
  readonly socket: PluginSocket | undefined;
}

/** Open a gateway; it listens for all plugins of the source when this resolves. */
export async function openGateway<Plugin extends GatewayPlugin>(
  options: GatewayOptions<Plugin>,
): Promise<Gateway> {
  const { directory, access, source, createHandler, logger } = options;
  const served = new Map<string, Served>();
  const queue = createSerialQueue();
  const listeners = createListeners(reportFailure);

  async function listen(plugin: Plugin): Promise<void> {
    const alias = freeAlias(plugin, [...served.values()]);
    const path = join(directory, `${alias}.sock`);
    const endpoint = { pluginId: plugin.id, pluginName: plugin.name, alias, path };
    try {
      await makeDirectories(directory, { mode: 0o755 });
      const socket = await openPluginSocket(path, access, createHandler(plugin));
      served.set(plugin.id, { endpoint, socket });
    } catch (error) {
      logger.error({ err: error, socket: path, plugin: plugin.name }, 'cannot listen for a plugin');
      served.set(plugin.id, { endpoint: { ...endpoint, problem: String(error) }, socket: undefined });
    }
  }

  async function settle(): Promise<void> {
    const wanted = new Map(source.all().map((plugin) => [plugin.id, plugin]));
    for (const [id, { socket }] of served) {
      if (wanted.has(id)) continue;
      served.delete(id);
      await socket?.close();
    }
    for (const plugin of wanted.values()) {
      const present = served.get(plugin.id);
      if (present === undefined) await listen(plugin);
      else present.socket?.use(createHandler(plugin));
    }
    listeners.notify();
  }

  const stopListening = source.onChange(() => void queue.run(settle).catch(reportFailure));
  await queue.run(settle);

  function reportFailure(error: unknown): void {
    logger.error({ err: error }, 'cannot update the sockets of the gateway');
  }

  async function close(): Promise<void> {
    stopListening();
    await queue.run(async () => {
      await Promise.all([...served.values()].map(({ socket }) => socket?.close()));
      served.clear();
    });
  }

  return {
    endpoints: () => [...served.values()].map(({ endpoint }) => endpoint).toSorted(byAlias),
    onChange: (listener) => listeners.add(listener),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function freeAlias({ id, name }: GatewayPlugin, served: readonly Served[]): string {
  const taken = served.map(({ endpoint }) => endpoint.alias);
  return deriveAliases(name).find((alias) => !taken.includes(alias)) ?? id.slice(0, 12);
}

function byAlias(one: GatewayEndpoint, other: GatewayEndpoint): number {
  return one.alias < other.alias ? -1 : 1;
}
