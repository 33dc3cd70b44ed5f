/**
 * The clients of managed plugins: of each plugin one that connects, and one before it at which calls wait.
 */
import { createPluginClient, type PluginClient } from '@outboard/protocol';
import type { PluginRecord } from '../config/plugin-config.ts';
import type { PluginGates } from '../serving/gate/plugin-gates.ts';
import { openPluginSocket } from '../supervise/host/open-plugin-socket.ts';
import { createGatedClient } from './gated-client.ts';
import { shareClient } from './share-client.ts';

/** Parts of the clients. */
export interface ManagedClientsDeps {
  readonly socketPath: (record: PluginRecord) => string;
  /** The record of a plugin as it is now; undefined when it was removed. */
  readonly record: (id: string) => PluginRecord | undefined;
  readonly gates: Pick<PluginGates, 'enter'>;
}

/** Gated client with the form that callers get, which they cannot dispose. */
interface GatedClient {
  readonly own: PluginClient;
  readonly shared: PluginClient;
}

interface Clients {
  /** The version that runs, when it may not be the one of its record. */
  version?: PluginRecord;
  /** Made with the first call. */
  own?: PluginClient | undefined;
  /** Replaced with the version, as callers keep facts about a driver by its client. */
  gated: GatedClient;
}

/** Connects when the first call is made. */
export class ManagedClients implements AsyncDisposable {
  readonly #deps: ManagedClientsDeps;
  readonly #plugins = new Map<string, Clients>();

  constructor(deps: ManagedClientsDeps) {
    this.#deps = deps;
  }

  /** The record of the version that runs. @param given as a caller knows it */
  versionOf(given: PluginRecord): PluginRecord {
    return this.find(given.id) ?? given;
  }

  /** The record of the version that runs; undefined when the plugin was removed. */
  find(id: string): PluginRecord | undefined {
    return this.#plugins.get(id)?.version ?? this.#deps.record(id);
  }

  /** The client whose calls wait at the gate: the same one until the plugin is disabled or upgraded. */
  gated(record: PluginRecord): PluginClient {
    return this.#of(record).gated.shared;
  }

  /** The client that connects to the version that runs. */
  direct(given: PluginRecord): PluginClient {
    const clients = this.#of(given);
    const record = this.versionOf(given);
    const { socketPath } = this.#deps;
    clients.own ??= createPluginClient({
      address: { kind: 'unix', path: socketPath(record), open: openPluginSocket },
      timeoutMs: record.timeoutSeconds * 1000,
    });
    return clients.own;
  }

  /** Connect to another version from now on, also for callers that have a client of the one before. */
  async switchTo(version: PluginRecord): Promise<void> {
    const before = this.#of(version).own;
    this.#plugins.set(version.id, { version, gated: this.#makeGated(version) });
    await before?.[Symbol.asyncDispose]();
  }

  /** Close the connections; pending calls fail, and later ones of clients that were given out. */
  async close(id: string): Promise<void> {
    const clients = this.#plugins.get(id);
    this.#plugins.delete(id);
    await clients?.gated.own[Symbol.asyncDispose]();
    await clients?.own?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#plugins.keys()].map((id) => this.close(id)));
  }

  #of(record: PluginRecord): Clients {
    const known = this.#plugins.get(record.id);
    if (known !== undefined) return known;
    const clients = { gated: this.#makeGated(record) };
    this.#plugins.set(record.id, clients);
    return clients;
  }

  #makeGated(record: PluginRecord): GatedClient {
    const own = createGatedClient({
      enter: (options) => this.#deps.gates.enter(record.id, options),
      client: () => this.direct(record),
      timeoutMs: () => this.versionOf(record).timeoutSeconds * 1000,
    });
    return { own, shared: shareClient(own) };
  }
}
