/**
 * Legacy plugins as drivers. The handshake is made once per plugin; its result is kept until the plugin's address changes.
 * @see moby pkg/plugins/plugins.go (28.x)
 */
import { type Cancellable, joinSignals, rejectOnAbort } from '@outboard/async';
import { createHostFiles, createLocalPaths, type HostFiles, type LocalPaths } from '@outboard/container';
import { isOutboardError, OutboardError } from '@outboard/oci';
import { activate, createPluginClient, type PluginAddress, type PluginClient } from '@outboard/protocol';
import type { Logger } from 'pino';
import type { LegacyDrivers } from '../legacy-drivers.ts';
import type { Capability, PluginDriver } from '../plugin-drivers.ts';
import { shareClient } from '../share-client.ts';
import { findLegacyAddress, type LegacyDiscovery, listLegacyNames } from './discover-legacy.ts';
import { openLegacySocket } from './open-legacy-socket.ts';

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
  /** Its result. */
  capabilities?: readonly string[];
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
    const plugin = await this.#locate(name, createHostFiles({ signal }));
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
    // The mounts of one moment are read once. Each plugin has a deadline of its own for file systems.
    const paths = createLocalPaths();
    const names = (await this.#listNames(paths, signal)).filter((name) => !isHidden(name));
    using limit = joinSignals([signal], { timeoutMs: listTimeoutMs, timeoutReason: noAnswerInTime });
    const drivers = await Promise.all(
      names.map((name) => this.#tryDriver(name, capability, { paths, signal: limit.signal })),
    );
    signal?.throwIfAborted();
    return drivers.filter((driver) => driver !== undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const plugins = [...this.#known.values()];
    this.#known.clear();
    await Promise.all(plugins.map(({ client }) => client[Symbol.asyncDispose]()));
  }

  async #locate(name: string, files: HostFiles): Promise<KnownPlugin | undefined> {
    const address = await findLegacyAddress(this.#discovery, name, files);
    const before = this.#known.get(name);
    const key = address === undefined ? '' : JSON.stringify(address);
    if (before?.key === key) return before;
    // No `await` between look-up and change: another call may look up the same name.
    const plugin =
      address === undefined ? undefined : knownAs(key, createPluginClient({ address: withOpener(address) }));
    if (plugin === undefined) this.#known.delete(name);
    else this.#known.set(name, plugin);
    await before?.client[Symbol.asyncDispose]();
    return plugin;
  }

  /**
   * The driver of a plugin with a capability; undefined for other plugins. Errors are logged. A plugin that was used before and
   * is behind a file system that does not answer now is still one: the call to it tells why it fails.
   */
  async #tryDriver(
    name: string,
    capability: Capability,
    options: { readonly paths: LocalPaths; readonly signal: AbortSignal },
  ): Promise<PluginDriver | undefined> {
    const isOfKind = (implemented: readonly string[] = []) =>
      implemented.includes(implementedNames[capability]);
    try {
      const plugin = await this.#locate(name, createHostFiles(options));
      if (plugin === undefined) return undefined;
      const implemented = await rejectOnAbort(handshakeOnce(plugin), options.signal);
      return isOfKind(implemented) ? toDriver(name, plugin) : undefined;
    } catch (error) {
      this.#logger.warn({ err: error, plugin: name }, 'a legacy plugin cannot be used');
      const known = isOutboardError(error, 'unavailable') ? this.#known.get(name) : undefined;
      return known !== undefined && isOfKind(known.capabilities) ? toDriver(name, known) : undefined;
    }
  }

  /** An unreadable directory hides neither managed plugins nor those that were used before. */
  async #listNames(paths: LocalPaths, signal: AbortSignal | undefined): Promise<readonly string[]> {
    using limit = joinSignals([signal], { timeoutMs: listTimeoutMs, timeoutReason: noAnswerInTime });
    const found = await Promise.allSettled(
      listLegacyNames(this.#discovery, createHostFiles({ paths, signal: limit.signal })),
    );
    signal?.throwIfAborted();
    const names = new Set<string>();
    for (const each of found) {
      if (each.status === 'fulfilled') for (const name of each.value) names.add(name);
      else {
        this.#logger.warn({ err: each.reason }, 'legacy plugins cannot be listed');
        for (const name of this.#known.keys()) names.add(name);
      }
    }
    return [...names].sort();
  }
}

function noAnswerInTime(): OutboardError {
  const message = `no answer within ${listTimeoutMs / 1000} s`;
  return new OutboardError('unavailable', message, { code: 'plugin-timeout' });
}

function withOpener(address: PluginAddress): PluginAddress {
  return address.kind === 'unix' ? { ...address, open: openLegacySocket } : address;
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
    plugin.capabilities = (await activate(plugin.client, options)) ?? [];
    return plugin.capabilities;
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
