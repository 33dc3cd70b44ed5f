/**
 * The plugin system: configs, records, runtime, supervision and the operations on plugins: the public face of the package.
 */

// What callers of the engine need from @outboard/oci, so that they import one package.
export type {
  ErrorKind,
  Login,
  OutboardErrorOptions,
  RegistryAccess,
  RegistryCredentials,
  TrustedRealm,
} from '@outboard/oci';
export { hasBoundedValues, isOutboardError, maxJsonValues, OutboardError } from '@outboard/oci';
export { formatInterfaceType, parseInterfaceType } from './config/interface-type.ts';
export type { JsonObject, JsonValue } from './config/json-document.ts';
export type { ParsedPluginConfig } from './config/parse-plugin-config.ts';
export { parsePluginConfig } from './config/parse-plugin-config.ts';
export type { PluginOptionsPatch } from './config/parse-plugin-options.ts';
export { parseOptionsPatch, toOptionsDocument } from './config/parse-plugin-options.ts';
export type {
  InterfaceType,
  Plugin,
  PluginArgs,
  PluginConfig,
  PluginDevice,
  PluginEnv,
  PluginMount,
  PluginRecord,
  PluginSettings,
  Privilege,
} from './config/plugin-config.ts';
export { parsePrivileges, toPluginDocument, toPrivilegeDocument } from './config/plugin-document.ts';
export type {
  DecidedOptions,
  HealthCheck,
  LogOptions,
  PluginLimits,
  PluginOptions,
  PluginOverrides,
  RestartPolicy,
  SecurityOptions,
} from './config/plugin-options.ts';
export { computePrivileges, privilegesEqual } from './config/privileges.ts';
export { parseSecurityOptions } from './config/security-options.ts';
export type { ValidateOptions } from './config/validate-plugin-config.ts';
export { validatePluginConfig } from './config/validate-plugin-config.ts';
export type { LegacyDirectories } from './drivers/legacy/legacy-directories.ts';
export type { Capability, PluginDriver, PluginDrivers } from './drivers/plugin-drivers.ts';
export type { ExecRequest, ExecSession } from './exec/exec-session.ts';
export { sendDatagram } from './linux/datagram.ts';
export { keepFromPrograms } from './linux/inherited-descriptor.ts';
export type { TerminalSize } from './linux/pseudo-terminal.ts';
export type { LogLine } from './logs/line-joiner.ts';
export type { OutputStream } from './logs/log-record.ts';
export { parseTimestamp } from './logs/log-record.ts';
export type { PluginLogs, PluginOutput } from './logs/plugin-logs.ts';
export type { LogQuery } from './logs/read-log.ts';
export type { BridgeOptions } from './network/plugin-networks.ts';
export type {
  EngineObserver,
  ObservedOperation,
  OperationMeasurement,
  OperationOutcome,
} from './observe/engine-observer.ts';
export { observedOperations } from './observe/engine-observer.ts';
export { type MetricsSocket, openPluginEngine, type PluginEngineOptions } from './plugin-engine.ts';
export type {
  Announcement,
  CollectedGarbage,
  DamagedPluginStatus,
  EngineEvent,
  PluginEngine,
  PluginFilters,
  PluginStats,
  PluginStatus,
  PullRequest,
  PushRequest,
  RepairedPlugin,
  UpgradeRequest,
} from './plugin-engine-contract.ts';
export { type DiagnoseOptions, diagnoseHost } from './preflight/diagnose-host.ts';
export type { Finding } from './preflight/finding.ts';
export type { HostCheck } from './preflight/host-check.ts';
export type { ProgressEvent, ReportProgress } from './progress.ts';
export { activate } from './protocol/activate.ts';
export type {
  AuthorizationPlugin,
  AuthorizationRequest,
  AuthorizationResponse,
  JudgeOptions,
  Verdict,
} from './protocol/authorization-plugin.ts';
export { createAuthorizationPlugin } from './protocol/authorization-plugin.ts';
export type { DriverCall } from './protocol/driver-calls.ts';
export type {
  AddressPool,
  AddressRequest,
  AddressSpaces,
  IpamCapabilities,
  IpamDriver,
  LeasedAddress,
  PoolRequest,
} from './protocol/ipam-driver.ts';
export { createIpamDriver } from './protocol/ipam-driver.ts';
export type { LogDriver, LoggedContainer, LogSelection } from './protocol/log-driver.ts';
export { createLogDriver } from './protocol/log-driver.ts';
export type { LogEntry, PartialMetadata } from './protocol/log-entry.ts';
export { decodeLogEntries, encodeLogEntry } from './protocol/log-entry.ts';
export type { LogStream } from './protocol/log-stream.ts';
export { openLogStream } from './protocol/log-stream.ts';
export type { MetricsCollector } from './protocol/metrics-collector.ts';
export { createMetricsCollector } from './protocol/metrics-collector.ts';
export { encodeMac } from './protocol/network-addresses.ts';
export { createNetworkDriver } from './protocol/network-driver.ts';
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
} from './protocol/network-driver-contract.ts';
export type {
  EndpointOptions,
  ExposedPort,
  NetworkOptions,
  PortBinding,
  TransportProtocol,
} from './protocol/network-options.ts';
export { endpointOptions, networkOptions } from './protocol/network-options.ts';
export type { CallOptions, PluginClient, PluginClientOptions } from './protocol/plugin-client.ts';
export { createPluginClient } from './protocol/plugin-client.ts';
export type { ReplyFields } from './protocol/plugin-reply.ts';
export type { Secret, SecretProvider, SecretRequest, ServicePort } from './protocol/secret-provider.ts';
export { createSecretProvider } from './protocol/secret-provider.ts';
export { connectSocket } from './protocol/socket-handle.ts';
export type { DriverVolume, VolumeDriver } from './protocol/volume-driver.ts';
export { createVolumeDriver } from './protocol/volume-driver.ts';
export { openUnpackJail } from './rootfs/jail/open-unpack-jail.ts';
export type { AppliedLayer, OpenUnpackJail, UnpackJail, UnpackLimits } from './rootfs/unpack-jail.ts';
export { type CgroupDriver, cgroupDrivers, chooseCgroupDriver } from './runtime/cgroup-driver.ts';
export type { ResourceUsage } from './runtime/cgroup-usage.ts';
export type { ContainerProcess } from './runtime/container-processes.ts';
export type { BackOff } from './supervise/back-off.ts';
export type { PluginFailure } from './supervise/plugin-failure.ts';
export type { PluginState } from './supervise/supervisor.ts';
export type { PluginUse, PluginUses, UseKind, UseSource } from './uses/plugin-uses.ts';
export type {
  CreateVolumeRequest,
  PruneVolumesRequest,
  TextMap,
  Volume,
  VolumeFilters,
  VolumeList,
  Volumes,
} from './volumes/volumes.ts';
