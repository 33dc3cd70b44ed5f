/**
 * What plugins speak: the public face of the package.
 */

export { activate } from './activate.ts';
export type {
  AuthorizationPlugin,
  AuthorizationRequest,
  AuthorizationResponse,
  JudgeOptions,
  Verdict,
} from './authorization-plugin.ts';
export { createAuthorizationPlugin } from './authorization-plugin.ts';
export type { DriverCall } from './driver-calls.ts';
export type {
  AddressPool,
  AddressRequest,
  AddressSpaces,
  IpamCapabilities,
  IpamDriver,
  LeasedAddress,
  PoolRequest,
} from './ipam-driver.ts';
export { createIpamDriver } from './ipam-driver.ts';
export type { LogDriver, LoggedContainer, LogSelection } from './log-driver.ts';
export { createLogDriver } from './log-driver.ts';
export type { LogEntry, PartialMetadata } from './log-entry.ts';
export { decodeLogEntries, encodeLogEntry } from './log-entry.ts';
export type { MetricsCollector } from './metrics-collector.ts';
export { createMetricsCollector } from './metrics-collector.ts';
export { encodeMac } from './network-addresses.ts';
export { createNetworkDriver } from './network-driver.ts';
export type {
  AllocateNetworkRequest,
  CreateEndpointRequest,
  CreateNetworkRequest,
  DiscoveredNode,
  EndpointAddresses,
  EndpointId,
  JoinRequest,
  JoinResult,
  NetworkCapabilities,
  NetworkDriver,
  NetworkPool,
  NetworkRequest,
  StaticRoute,
} from './network-driver-contract.ts';
export type {
  EndpointOptions,
  ExposedPort,
  NetworkOptions,
  PortBinding,
  TransportProtocol,
} from './network-options.ts';
export { endpointOptions, networkOptions } from './network-options.ts';
export type { PluginAddress, PluginTls } from './plugin-address.ts';
export type { CallOptions, PluginClient, PluginClientOptions } from './plugin-client.ts';
export { createPluginClient } from './plugin-client.ts';
export type { ReplyFields } from './plugin-reply.ts';
export type { Secret, SecretProvider, SecretRequest, ServicePort } from './secret-provider.ts';
export { createSecretProvider } from './secret-provider.ts';
export { connectSocket } from './socket-handle.ts';
export type { DriverVolume, VolumeDriver } from './volume-driver.ts';
export { createVolumeDriver } from './volume-driver.ts';
