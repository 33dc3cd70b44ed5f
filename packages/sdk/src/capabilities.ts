/**
 * The kinds of plugins: one row for each makes it served.
 */
import { openAuthorizationCapability } from './authorization/authorization-capability.ts';
import type { Authorizer } from './authorization/authorizer.ts';
import { openIpamCapability } from './ipam/ipam-capability.ts';
import type { IpamDriver } from './ipam/ipam-driver.ts';
import { openLogCapability } from './log/log-capability.ts';
import type { LogDriver } from './log/log-driver.ts';
import { openMetricsCapability } from './metrics/metrics-capability.ts';
import type { MetricsCollector } from './metrics/metrics-collector.ts';
import { openNetworkCapability } from './network/network-capability.ts';
import type { NetworkDriver } from './network/network-driver.ts';
import { openSecretCapability } from './secret/secret-capability.ts';
import type { SecretProvider } from './secret/secret-provider.ts';
import { openVolumeCapability } from './volume/volume-capability.ts';
import type { VolumeDriver } from './volume/volume-driver.ts';
import type { Capability, CapabilityDeps } from './wire/call.ts';

/** The author's part of each kind. */
interface DriverByKind {
  volume: VolumeDriver;
  authorization: Authorizer;
  network: NetworkDriver;
  ipam: IpamDriver;
  log: LogDriver;
  metrics: MetricsCollector;
  secrets: SecretProvider;
}

type Kind = keyof DriverByKind;

/** Parts of a plugin; each that is given is served. */
export type PluginDrivers = { readonly [K in Kind]?: DriverByKind[K] | undefined };

interface KindRow<Driver> {
  /** In the answer to `Plugin.Activate`. */
  readonly implements: string;
  /** In `interface.types` of config.json. */
  readonly interfaceType: string;
  open(driver: Driver, deps: CapabilityDeps): Capability | Promise<Capability>;
}

const kinds: { readonly [K in Kind]: KindRow<DriverByKind[K]> } = {
  volume: {
    implements: 'VolumeDriver',
    interfaceType: 'docker.volumedriver/1.0',
    open: openVolumeCapability,
  },
  authorization: {
    implements: 'authz',
    interfaceType: 'docker.authz/1.0',
    open: openAuthorizationCapability,
  },
  network: {
    implements: 'NetworkDriver',
    interfaceType: 'docker.networkdriver/1.0',
    open: openNetworkCapability,
  },
  ipam: {
    implements: 'IpamDriver',
    interfaceType: 'docker.ipamdriver/1.0',
    open: openIpamCapability,
  },
  log: {
    implements: 'LogDriver',
    interfaceType: 'docker.logdriver/1.0',
    open: openLogCapability,
  },
  metrics: {
    implements: 'MetricsCollector',
    interfaceType: 'docker.metricscollector/1.0',
    open: openMetricsCapability,
  },
  secrets: {
    implements: 'secretprovider',
    interfaceType: 'docker.secretprovider/1.0',
    open: openSecretCapability,
  },
};

// Object.keys() of the table yields its keys.
const allKinds = Object.keys(kinds) as readonly Kind[];

/** Kinds that a plugin serves, in the order of the table. */
export function kindsOf(drivers: PluginDrivers): readonly Kind[] {
  return allKinds.filter((kind) => drivers[kind] !== undefined);
}

/** Names of all kinds, for messages. */
export const kindNames: readonly string[] = allKinds;

/** Names of the kinds in `Plugin.Activate`. */
export function implementedBy(drivers: PluginDrivers): readonly string[] {
  return kindsOf(drivers).map((kind) => kinds[kind].implements);
}

/** Names of the kinds in `interface.types` of config.json. */
export function interfaceTypesOf(drivers: PluginDrivers): readonly string[] {
  return kindsOf(drivers).map((kind) => kinds[kind].interfaceType);
}

/**
 * Open all kinds of a plugin. If one fails, those before it are stopped.
 *
 * @throws {PluginError} if the state of one is damaged
 */
export async function openCapabilities(
  drivers: PluginDrivers,
  deps: CapabilityDeps,
): Promise<readonly Capability[]> {
  const opened: Capability[] = [];
  try {
    for (const kind of kindsOf(drivers)) opened.push(await openKind(kind, drivers, deps));
    return opened;
  } catch (error) {
    await stopCapabilities(opened);
    throw error;
  }
}

/** Stop all, also if one fails. */
export async function stopCapabilities(capabilities: readonly Capability[]): Promise<void> {
  const results = await Promise.allSettled(capabilities.map((capability) => capability.stop?.()));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

function openKind<K extends Kind>(
  kind: K,
  drivers: PluginDrivers,
  deps: CapabilityDeps,
): Capability | Promise<Capability> {
  // Callers pass kinds that `drivers` has.
  return kinds[kind].open(drivers[kind] as DriverByKind[K], deps);
}
