/**
 * The public face of the package: the plugin client, one typed client for each kind of plugin, and the forms that their
 * callers build or read. Results have exported types, for declaration files need their names; the type of a request is
 * part of its client, such as `Parameters<NetworkDriver['join']>[0]`.
 */

export { parseFirstValue } from './calls/first-json-value.ts';
export { createPluginClient } from './calls/http-plugin-client.ts';
export type {
  CallOptions,
  ForwardedAnswer,
  ForwardedRequest,
  ForwardOptions,
  PluginClient,
} from './calls/plugin-client.ts';
export type { OpenedSocket, PluginAddress, PluginTls } from './connection/plugin-address.ts';
export { connectSocket } from './connection/socket-handle.ts';
export { activate } from './drivers/activate.ts';
export type {
  AuthorizationDecision,
  AuthorizationPlugin,
  AuthorizationRequest,
  AuthorizationResponse,
} from './drivers/authorization/authorization-plugin.ts';
export { createAuthorizationPlugin } from './drivers/authorization/authorization-plugin-client.ts';
export type { DriverCall } from './drivers/driver-calls.ts';
export type {
  AddressPool,
  AddressSpaces,
  IpamCapabilities,
  IpamDriver,
  LeasedAddress,
} from './drivers/ipam/ipam-driver.ts';
export { createIpamDriver } from './drivers/ipam/ipam-driver-client.ts';
export type { LogDriver, LoggedContainer, LogSelection } from './drivers/log/log-driver.ts';
export { createLogDriver } from './drivers/log/log-driver-client.ts';
export type { LogEntry } from './drivers/log/log-entry.ts';
export { decodeLogEntries, encodeLogEntry } from './drivers/log/log-entry.ts';
export type { MetricsCollector } from './drivers/metrics/metrics-collector.ts';
export { createMetricsCollector } from './drivers/metrics/metrics-collector-client.ts';
export type {
  EndpointAddresses,
  JoinResult,
  NetworkCapabilities,
  NetworkDriver,
} from './drivers/network/network-driver.ts';
export { createNetworkDriver } from './drivers/network/network-driver-client.ts';
export { endpointOptions, networkOptions } from './drivers/network/network-options.ts';
export type { Secret, SecretProvider } from './drivers/secrets/secret-provider.ts';
export { createSecretProvider } from './drivers/secrets/secret-provider-client.ts';
export type { DriverVolume, VolumeDriver } from './drivers/volume/volume-driver.ts';
export { createVolumeDriver } from './drivers/volume/volume-driver-client.ts';
