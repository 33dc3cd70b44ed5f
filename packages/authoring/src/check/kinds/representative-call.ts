/**
 * For each kind of plugin a call with arguments, and one without, for the checks of the protocol. Neither changes anything.
 */
import { type Capability, servedCapabilities } from '@outboard/engine';
import type { CheckSession } from '../session/check-session.ts';

/** Calls of one kind. */
interface KindOfCalls {
  /** Value in the list `Implements` of `/Plugin.Activate`. */
  readonly implementation: string;
  /** A method with its arguments; the things that they name do not exist. */
  readonly withArguments?: readonly [method: string, document: object] | undefined;
  readonly withoutArguments?: string | undefined;
}

const nothing = 'outboard-check-nothing';

/** Calls by kind, in the order of preference for a plugin of several kinds. */
export const callsByKind: Readonly<Record<Capability, KindOfCalls>> = {
  volumedriver: {
    implementation: 'VolumeDriver',
    withArguments: ['VolumeDriver.Get', { Name: nothing }],
    withoutArguments: 'VolumeDriver.List',
  },
  ipamdriver: {
    implementation: 'IpamDriver',
    withArguments: ['IpamDriver.ReleaseAddress', { PoolID: nothing, Address: '192.0.2.1' }],
    withoutArguments: 'IpamDriver.GetDefaultAddressSpaces',
  },
  networkdriver: {
    implementation: 'NetworkDriver',
    withArguments: ['NetworkDriver.EndpointOperInfo', { NetworkID: nothing, EndpointID: nothing }],
    withoutArguments: 'NetworkDriver.GetCapabilities',
  },
  authz: {
    implementation: 'authz',
    withArguments: ['AuthZPlugin.AuthZReq', { RequestMethod: 'GET', RequestUri: '/v1.51/version' }],
  },
  logdriver: {
    implementation: 'LogDriver',
    withArguments: ['LogDriver.StopLogging', { File: `/run/docker/logging/${nothing}` }],
    withoutArguments: 'LogDriver.Capabilities',
  },
  secretprovider: {
    implementation: 'secretprovider',
    withArguments: ['SecretProvider.GetSecret', { SecretName: nothing }],
  },
  metricscollector: {
    implementation: 'MetricsCollector',
    withoutArguments: 'MetricsCollector.StartMetrics',
  },
};

/** The kinds of a plugin that engines call over HTTP. */
export function kindsOf({ plugin }: Pick<CheckSession, 'plugin'>): readonly Capability[] {
  const served = new Set(servedCapabilities(plugin.config));
  // The keys of the table are the capabilities.
  return (Object.keys(callsByKind) as readonly Capability[]).filter((kind) => served.has(kind));
}

/** A call with arguments of one of the plugin's kinds; the handshake where there is none. */
export function callWithArguments(session: CheckSession): readonly [method: string, document: object] {
  const found = kindsOf(session).map((kind) => callsByKind[kind].withArguments);
  return found.find((call) => call !== undefined) ?? ['Plugin.Activate', {}];
}
