/**
 * The public face of the package: define a plugin, the interface of each kind of driver, and the errors of calls.
 */

export {
  type AuthorizationDecision,
  type AuthorizationRequest,
  type AuthorizationResponse,
  type Authorizer,
  allow,
  deny,
} from './authorization/authorizer.ts';
export { RequestBody } from './authorization/request-body.ts';
export {
  definePlugin,
  type Plugin,
  type PluginDefinition,
  type RunningPlugin,
  type ServeOptions,
} from './define-plugin.ts';
export type {
  AddressPool,
  AddressRequest,
  AddressSpaces,
  IpamDriver,
  PoolRequest,
} from './ipam/ipam-driver.ts';
export { lastEntries } from './log/last-entries.ts';
export type {
  FragmentPosition,
  LogDriver,
  LogEntry,
  LoggedContainer,
  LogSelection,
  LogSink,
} from './log/log-driver.ts';
export type { EngineMetrics, MetricsCollector } from './metrics/metrics-collector.ts';
export type {
  DiscoveredNode,
  Endpoint,
  EndpointAddresses,
  JoinResult,
  Network,
  NetworkAllocation,
  NetworkDriver,
  NetworkPool,
  PortBinding,
  StaticRoute,
  TransportProtocol,
} from './network/network-driver.ts';
export { type FailureStatus, PluginError, type PluginErrorOptions } from './plugin-error.ts';
export type { SecretProvider, SecretRequest, SecretValue, ServicePort } from './secret/secret-provider.ts';
export { pluginSocketDirectory } from './server/socket-path.ts';
export type { CreateVolume, Volume, VolumeDriver } from './volume/volume-driver.ts';
export type { CallContext } from './wire/call.ts';
