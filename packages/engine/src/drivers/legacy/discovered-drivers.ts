/**
 * Legacy plugins as drivers. Each is asked once what it implements; the answer holds for as long as its address stays.
 * @see moby pkg/plugins/plugins.go (28.x)
 */
import { joinSignals, rejectOnAbort } from '@outboard/async';
import { isOutboardError, OutboardError } from '@outboard/oci';
import { activate, createPluginClient, type PluginClient } from '@outboard/protocol';
import type { Logger } from 'pino';
import type { LegacyDrivers } from '../legacy-drivers.ts';
import type { Capability, PluginDriver } from '../plugin-drivers.ts';
import { shareClient } from '../share-client.ts';
import { findLegacyAddress, type LegacyDiscovery, listLegacyNames } from './discover-legacy.ts';

/** What plugins answer in the handshake; letter case counts. */
const implementedNames: Readonly<Record<Capability, string>> = {
  volumedriver: 'VolumeDriver',
  networkdriver: 'NetworkDriver',
  ipamdriver: 'IpamDriver',
  authz: 'authz',
  logdriver: 'LogDriver',
  metricscollector: 'MetricsCollector',
  secretprovider: 'secretprovider',
};

/** How long a plugin may take to say what it implements, in milliseconds. */
const handshakeTimeoutMs = 10_000;
/** The same where others are waited for too. */
const listTimeoutMs = 2_000;

/** A plugin that is known by its address. */
interface KnownPlugin {
  /** The address as text, to tell when it changed. */
  readonly key: string;
  readonly client: PluginClient;
  readonly shared: PluginClient;
  /** What it implements, once it has said so; while it is asked, one question serves all who wait. */
  implemented?: Promise<readonly string[]>;
}

export function createLegacyDrivers(discovery: LegacyDiscovery, logger: Logger): LegacyDrivers {
  const known = new Map<string, KnownPlugin>();

  async function locate(name: string): Promise<KnownPlugin | undefined> {
    const address = await findLegacyAddress(discovery, name);
    const before = known.get(name);
    const key = address === undefined ? '' : JSON.stringify(address);
    if (before?.key === key) return before;
    // In one turn of the event loop with the look-up: others look for the same name at the same time.
    const plugin = address === undefined ? undefined : knownAs(key, createPluginClient({ address }));
    if (plugin === undefined) known.delete(name);
    else known.set(name, plugin);
    await before?.client[Symbol.asyncDispose]();
    return plugin;
  }

  /** The driver of a plugin that serves a capability; undefined for the others, of which the log tells why. */
  async function tryDriver(
    name: string,
    capability: Capability,
    signal: AbortSignal,
  ): Promise<PluginDriver | undefined> {
    try {
      const plugin = await locate(name);
      if (plugin === undefined) return undefined;
      const implemented = await rejectOnAbort(askOnce(plugin), signal);
      return implemented.includes(implementedNames[capability]) ? toDriver(name, plugin) : undefined;
    } catch (error) {
      logger.warn({ err: error, plugin: name }, 'a legacy plugin cannot be used');
      return undefined;
    }
  }

  async function listNames(): Promise<readonly string[]> {
    try {
      return await listLegacyNames(discovery);
    } catch (error) {
      // A folder that cannot be read hides no managed plugin.
      logger.warn({ err: error }, 'legacy plugins cannot be listed');
      return [];
    }
  }

  return {
    async find(name, capability, options = {}) {
      const plugin = await locate(name);
      if (plugin === undefined) return undefined;
      const implemented = await rejectOnAbort(askOnce(plugin), options.signal);
      if (implemented.includes(implementedNames[capability])) return toDriver(name, plugin);
      throw new OutboardError(
        'invalid',
        `plugin does not provide "${capability}" capability: legacy plugin ${name} implements ` +
          `${implemented.join(', ') || 'nothing'}`,
      );
    },

    async all(capability, isHidden, { signal } = {}) {
      signal?.throwIfAborted();
      const names = (await listNames()).filter((name) => !isHidden(name));
      using limit = joinSignals([signal], { timeoutMs: listTimeoutMs });
      const drivers = await Promise.all(names.map((name) => tryDriver(name, capability, limit.signal)));
      signal?.throwIfAborted();
      return drivers.filter((driver) => driver !== undefined);
    },

    async [Symbol.asyncDispose]() {
      const plugins = [...known.values()];
      known.clear();
      await Promise.all(plugins.map(({ client }) => client[Symbol.asyncDispose]()));
    },
  };
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

function askOnce(plugin: KnownPlugin): Promise<readonly string[]> {
  plugin.implemented ??= ask(plugin);
  return plugin.implemented;
}

async function ask(plugin: KnownPlugin): Promise<readonly string[]> {
  try {
    const options = { timeoutMs: handshakeTimeoutMs, isTriedOnce: true };
    return (await activate(plugin.client, options)) ?? [];
  } catch (error) {
    // It may be there the next time.
    delete plugin.implemented;
    throw legacyError(error);
  }
}

/** In Docker's words. */
function legacyError(error: unknown): unknown {
  if (!isOutboardError(error)) return error;
  const { kind, message, code } = error;
  const options = code === undefined ? { cause: error } : { cause: error, code };
  return new OutboardError(kind, `legacy plugin: ${message}`, options);
}
