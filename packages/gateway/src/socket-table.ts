/**
 * The sockets of a gateway by plugin: which there should be, under which names.
 */
import { realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Logger } from 'pino';
import type { AliasClaims, AliasHolder } from './aliases/alias-claims.ts';
import { requireFree, requireShortPath, socketPath } from './aliases/check-alias.ts';
import type {
  CreatePluginHandler,
  GatewayAccess,
  GatewayEndpoint,
  GatewayPlugin,
  PluginSource,
} from './gateway.ts';
import { connectionName, type DescriptorStore } from './sockets/descriptor-store.ts';
import type { InheritedSockets } from './sockets/inherited-sockets.ts';
import { createPluginSocket, type PluginSocket } from './sockets/plugin-socket.ts';

/** Parts of a table. */
export interface SocketTableDeps<Plugin extends GatewayPlugin> {
  readonly directory: string;
  readonly access: GatewayAccess;
  readonly source: PluginSource<Plugin>;
  readonly createHandler: CreatePluginHandler<Plugin>;
  readonly claims: AliasClaims;
  readonly store: DescriptorStore;
  readonly inherited: InheritedSockets;
  readonly logger: Logger;
}

interface Entry {
  readonly pluginName: string;
  /** Name that the operator chose for the socket. */
  readonly chosen?: string | undefined;
  readonly alias: string;
  readonly socket?: PluginSocket | undefined;
  /** Reason why there is no name. */
  readonly problem?: string | undefined;
}

/** Time for requests in flight when a plugin loses its socket. */
const withdrawMs = 2_000;
/** Descriptors of one message. */
const batch = 253;

/** The sockets by plugin. Calls of its asynchronous methods must not overlap. */
export class SocketTable<Plugin extends GatewayPlugin> {
  readonly #deps: SocketTableDeps<Plugin>;
  readonly #entries = new Map<string, Entry>();
  /** Plugins that need a new handler. */
  readonly #outdated = new Set<string>();
  /** Sockets without a file whose last requests are being answered. */
  readonly #ending = new Set<Promise<void>>();
  #handedOver = 0;

  constructor(deps: SocketTableDeps<Plugin>) {
    this.#deps = deps;
  }

  endpoints(): readonly GatewayEndpoint[] {
    return [...this.#entries].map(toEndpoint).toSorted((one, other) => (one.alias < other.alias ? -1 : 1));
  }

  endpoint(pluginId: string): GatewayEndpoint | undefined {
    const entry = this.#entries.get(pluginId);
    return entry && toEndpoint([pluginId, entry]);
  }

  isOwnSocket(path: string): boolean {
    const { directory } = this.#deps;
    if (!path.endsWith('.sock') || dirname(path) !== realPath(directory)) return false;
    const alias = basename(path, '.sock');
    return [...this.#entries.values()].some((entry) => entry.alias === alias && entry.socket?.isListening());
  }

  admitAlias(name: string, alias: string): void {
    requireShortPath(this.#deps.directory, alias);
    const holders = this.#holders();
    const holderOf = (each: string) => this.#deps.claims.holderOf(each, name, holders);
    requireFree(alias, holderOf(alias), (each) => holderOf(each) === undefined);
  }

  /** Make a new handler for a plugin with the next `settle`. */
  outdate(pluginId: string): void {
    this.#outdated.add(pluginId);
  }

  /** Give each plugin its socket, and take away those of others. */
  async settle(): Promise<void> {
    const wanted = this.#deps.source.all().filter(({ options }) => options?.gateway?.enabled !== false);
    const ids = new Set(wanted.map(({ id }) => id));
    for (const id of [...this.#entries.keys()]) if (!ids.has(id)) await this.#withdraw(id);
    // A plugin that has its socket keeps it: the cost of a change does not grow with the plugins that have not changed.
    const changed = wanted.filter((plugin) => !this.#isServed(plugin));
    const holders = changed.length === 0 ? [] : this.#holders();
    // In the order of names, so that the same plugins always get the same names.
    for (const plugin of changed.toSorted(byName)) await this.#serve(plugin, holders);
    for (const plugin of wanted) {
      const socket = this.#outdated.has(plugin.id) ? this.#entries.get(plugin.id)?.socket : undefined;
      socket?.use(this.#deps.createHandler(plugin));
    }
    this.#outdated.clear();
  }

  #isServed(plugin: Plugin): boolean {
    const present = this.#entries.get(plugin.id);
    const { name, chosen } = toHolder(plugin);
    return present?.socket !== undefined && present.pluginName === name && present.chosen === chosen;
  }

  async #serve(plugin: Plugin, holders: readonly AliasHolder[]): Promise<void> {
    const { alias, problem } = await this.#aliasOf(plugin, holders);
    const { name: pluginName, chosen } = toHolder(plugin);
    const present = this.#entries.get(plugin.id);
    if (present?.socket !== undefined && present.alias === alias && present.pluginName === pluginName) {
      this.#entries.set(plugin.id, { ...present, chosen });
      return;
    }
    await this.#withdraw(plugin.id);
    const socket = problem === undefined ? await this.#listen(plugin, alias) : undefined;
    this.#outdated.delete(plugin.id); // its handler is new
    this.#entries.set(plugin.id, { pluginName, chosen, alias, socket, problem });
  }

  /** The name of a plugin's socket, or the reason why it has none, which is logged once. */
  async #aliasOf(plugin: Plugin, holders: readonly AliasHolder[]): Promise<Pick<Entry, 'alias' | 'problem'>> {
    const { claims, directory, logger } = this.#deps;
    try {
      const alias = await claims.claim(toHolder(plugin), holders);
      requireShortPath(directory, alias);
      return { alias };
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      if (this.#entries.get(plugin.id)?.problem !== problem)
        logger.error({ err: error, plugin: plugin.name }, 'the plugin has no socket for other engines');
      return { alias: '', problem };
    }
  }

  async #listen(plugin: Plugin, alias: string): Promise<PluginSocket> {
    const { access, createHandler, directory, inherited, logger, store } = this.#deps;
    const path = socketPath(directory, alias);
    const facts = { plugin: plugin.name, socket: path };
    const socket = createPluginSocket(path, createHandler(plugin), {
      access,
      store,
      logger: logger.child(facts),
    });
    const listener = inherited.takeListener(path);
    if (listener !== undefined) await socket.adopt(listener);
    await socket.check();
    for (const connection of inherited.takeConnections(path)) socket.adoptConnection(connection);
    return socket;
  }

  async #withdraw(id: string): Promise<void> {
    const socket = this.#entries.get(id)?.socket;
    this.#entries.delete(id);
    if (socket === undefined) return;
    await socket.withdraw();
    const ending = socket
      .end(undefined, AbortSignal.timeout(withdrawMs))
      .finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  /** Create sockets that were deleted again, and try what has a problem. */
  async check(): Promise<void> {
    // A plugin without a name may have got one, such as after a full disk.
    if ([...this.#entries.values()].some(({ problem }) => problem !== undefined)) await this.settle();
    await Promise.all([...this.#entries.values()].map(({ socket }) => socket?.check()));
  }

  /** Accept nothing more, and end all connections; what the store keeps stays for the next process. */
  async suspend(signal: AbortSignal): Promise<void> {
    const sockets = [...this.#entries.values()].flatMap(({ socket }) => socket ?? []);
    this.#entries.clear();
    for (const socket of sockets) if (!socket.isKept()) await socket.withdraw();
    this.#handedOver = sockets.filter((socket) => socket.isKept()).length;
    const ends = sockets.map((socket) => {
      const handOver = (descriptors: readonly number[]) => this.#handOver(descriptors);
      return socket.end(socket.isKept() ? handOver : undefined, signal);
    });
    await Promise.all([...ends, ...this.#ending]);
  }

  async #handOver(descriptors: readonly number[]): Promise<boolean> {
    const { store } = this.#deps;
    if (descriptors.length > batch || this.#handedOver + descriptors.length > store.capacity) return false;
    this.#handedOver += descriptors.length;
    return store.keep(connectionName, descriptors);
  }

  #holders(): readonly AliasHolder[] {
    return this.#deps.source.installed().map(toHolder);
  }
}

function toHolder({ name, options }: GatewayPlugin): AliasHolder {
  return { name, chosen: options?.gateway?.alias };
}

function toEndpoint([pluginId, { pluginName, alias, socket, problem }]: [string, Entry]): GatewayEndpoint {
  const reason = problem ?? socket?.problem();
  return {
    pluginId,
    pluginName,
    alias,
    path: socket?.path ?? '',
    ...(reason !== undefined && { problem: reason }),
  };
}

function byName(one: GatewayPlugin, other: GatewayPlugin): number {
  return one.name < other.name ? -1 : 1;
}

function realPath(directory: string): string {
  try {
    return realpathSync(directory);
  } catch {
    return directory; // it does not exist, and so has no socket
  }
}
