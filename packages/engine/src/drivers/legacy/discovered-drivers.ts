/**
 * Legacy plugins as drivers. The handshake is made once per plugin; its result is kept until the plugin's address changes.
 * @see moby pkg/plugins/plugins.go (28.x)
 */
import { type Cancellable, joinSignals, rejectOnAbort } from '@outboard/async';
import { isOutboardError, OutboardError } from '@outboard/oci';
import { activate, createPluginClient, type PluginClient } from '@outboard/protocol';
import type { Logger } from 'pino';
import type { LegacyDrivers } from '../legacy-drivers.ts';
import type { Capability, PluginDriver } from '../plugin-drivers.ts';
import { shareClient } from '../share-client.ts';
import { findLegacyAddress, type LegacyDiscovery, listLegacyNames } from './discover-legacy.ts';

/** Names of capabilities in the handshake, case-sensitive. */
const implementedNames: Readonly<Record<Capability, string>> = {
  volumedriver: 'VolumeDriver',
  networkdriver: 'NetworkDriver',
  ipamdriver: 'IpamDriver',
  authz: 'authz',
  logdriver: 'LogDriver',
  metricscollector: 'MetricsCollector',
  secretprovider: 'secretprovider',
};

/** Time limit of a handshake, in milliseconds. */
const handshakeTimeoutMs = 10_000;
/** Time limit of all handshakes when all plugins are listed, in milliseconds. */
const listTimeoutMs = 2_000;

/** A plugin with a known address. */
interface KnownPlugin {
  /** The address as text, to detect a change. */
  readonly key: string;
  readonly client: PluginClient;
  readonly shared: PluginClient;
  /** The handshake: pending for all callers at once, then its result. */
  implemented?: Promise<readonly string[]>;
}

/** Start without connections. */
export function createLegacyDrivers(discovery: LegacyDiscovery, logger: Logger): LegacyDrivers {
  return new DiscoveredDrivers(discovery, logger);
}

class DiscoveredDrivers implements LegacyDrivers {
  readonly #discovery: LegacyDiscovery;
  readonly #logger: Logger;
  readonly #known = new Map<string, KnownPlugin>();

  constructor(discovery: LegacyDiscovery, logger: Logger) {
    this.#discovery = discovery;
    this.#logger = logger;
  }

  async find(
    name: string,
    capability: Capability,
    { signal }: Cancellable = {},
  ): Promise<PluginDriver | undefined> {
    const plugin = await this.#locate(name);
    if (plugin === undefined) return undefined;
    const implemented = await rejectOnAbort(handshakeOnce(plugin), signal);
    if (implemented.includes(implementedNames[capability])) return toDriver(name, plugin);
    throw new OutboardError(
      'invalid',
      `plugin does not provide "${capability}" capability: legacy plugin ${name} implements ` +
        `${implemented.join(', ') || 'nothing'}`,
    );
  }

  async all(
    capability: Capability,
    isHidden: (name: string) => boolean,
    { signal }: Cancellable = {},
  ): Promise<readonly PluginDriver[]> {
    signal?.throwIfAborted();
    const names = (await this.#listNames()).filter((name) => !isHidden(name));
    using limit = joinSignals([signal], { timeoutMs: listTimeoutMs });
    const drivers = await Promise.all(names.map((name) => this.#tryDriver(name, capability, limit.signal)));
    signal?.throwIfAborted();
    return drivers.filter((driver) => driver !== undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const plugins = [...this.#known.values()];
    this.#known.clear();
    await Promise.all(plugins.map(({ client }) => client[Symbol.asyncDispose]()));
  }

  async #locate(name: string): Promise<KnownPlugin | undefined> {
    const address = await findLegacyAddress(this.#discovery, name);
    const before = this.#known.get(name);
    const key = address === undefined ? '' : JSON.stringify(address);
    if (before?.key === key) return before;
    // No `await` between look-up and change: another call may look up the same name.
    const plugin = address === undefined ? undefined : knownAs(key, createPluginClient({ address }));
    if (plugin === undefined) this.#known.delete(name);
    else this.#known.set(name, plugin);
    await before?.client[Symbol.asyncDispose]();
    return plugin;
  }

  /** The driver of a plugin with a capability; undefined for other plugins. Errors are logged. */
  async #tryDriver(
    name: string,
    capability: Capability,
    signal: AbortSignal,
  ): Promise<PluginDriver | undefined> {
    try {
      const plugin = await this.#locate(name);
      if (plugin === undefined) return undefined;
      const implemented = await rejectOnAbort(handshakeOnce(plugin), signal);
      return implemented.includes(implementedNames[capability]) ? toDriver(name, plugin) : undefined;
    } catch (error) {
      this.#logger.warn({ err: error, plugin: name }, 'a legacy plugin cannot be used');
      return undefined;
    }
  }

  async #listNames(): Promise<readonly string[]> {
    try {
      return await listLegacyNames(this.#discovery);
    } catch (error) {
      // An unreadable directory must not hide managed plugins.
      this.#logger.warn({ err: error }, 'legacy plugins cannot be listed');
      return [];
    }
  }
}

function knownAs(key: string, client: PluginClient): KnownPlugin {
  return { key, client, shared: shareClient(client) };
}

function toDriver(name: string, { shared }: KnownPlugin): PluginDriver {
  return {
    name,
    client: shared,
    toHostPath: async (path) => path,
    toHostPaths: async (paths) => paths.map((value) => ({ status: 'fulfilled', value })),
  };
}

function handshakeOnce(plugin: KnownPlugin): Promise<readonly string[]> {
  plugin.implemented ??= handshake(plugin);
  return plugin.implemented;
}

async function handshake(plugin: KnownPlugin): Promise<readonly string[]> {
  try {
    const options = { timeoutMs: handshakeTimeoutMs, isTriedOnce: true };
    return (await activate(plugin.client, options)) ?? [];
  } catch (error) {
    // The next call tries again.
    delete plugin.implemented;
    throw legacyError(error);
  }
}

/** The error in Docker's wording. */
function legacyError(error: unknown): unknown {
  if (!isOutboardError(error)) return error;
  const { kind, message, code } = error;
  return new OutboardError(kind, `legacy plugin: ${message}`, { cause: error, code });
}
