/**
 * The plugin system: configs, records, runtime, supervision and the operations on plugins: the public face of the package.
 */

export type {
  AppliedLayer,
  BridgeOptions,
  ContainerProcess,
  ExecRequest,
  ExecSession,
  LogLine,
  LogQuery,
  OpenUnpackJail,
  OutputStream,
  ResourceUsage,
  TerminalSize,
  UnpackJail,
  UnpackLimits,
} from '@outboard/container';
export {
  type CgroupDriver,
  cgroupDrivers,
  chooseCgroupDriver,
  openUnpackJail,
  parseTimestamp,
  sendDatagram,
  setCloseOnExec,
} from '@outboard/container';
// What callers of the engine need from @outboard/oci, so that they import one package.
export type {
  ErrorKind,
  JsonObject,
  JsonValue,
  Login,
  OutboardErrorOptions,
  RegistryAccess,
  RegistryCredentials,
  TrustedRealm,
} from '@outboard/oci';
export { hasBoundedValues, isOutboardError, maxJsonValues, OutboardError } from '@outboard/oci';
export type {
  AddressPool,
  AddressSpaces,
  AuthorizationDecision,
  AuthorizationPlugin,
  AuthorizationRequest,
  AuthorizationResponse,
  DriverCall,
  DriverVolume,
  EndpointAddresses,
  IpamCapabilities,
  IpamDriver,
  JoinResult,
  LeasedAddress,
  LogDriver,
  LogEntry,
  LoggedContainer,
  LogSelection,
  MetricsCollector,
  NetworkCapabilities,
  NetworkDriver,
  PluginClient,
  Secret,
  SecretProvider,
  VolumeDriver,
} from '@outboard/protocol';
export {
  activate,
  connectSocket,
  createAuthorizationPlugin,
  createIpamDriver,
  createLogDriver,
  createMetricsCollector,
  createNetworkDriver,
  createPluginClient,
  createSecretProvider,
  createVolumeDriver,
  decodeLogEntries,
  encodeLogEntry,
  endpointOptions,
  networkOptions,
} from '@outboard/protocol';
export { formatInterfaceType, type InterfaceType, parseInterfaceType } from './config/interface-type.ts';
export type { ParsedPluginConfig } from './config/parse-plugin-config.ts';
export { parsePluginConfig } from './config/parse-plugin-config.ts';
export type { PluginOptionsPatch } from './config/parse-plugin-options.ts';
export { parseOptionsPatch, toOptionsDocument } from './config/parse-plugin-options.ts';
export type {
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
export type { LogStream } from './drivers/log-stream.ts';
export { openLogStream } from './drivers/log-stream.ts';
export type { Capability, PluginDriver, PluginDrivers } from './drivers/plugin-drivers.ts';
export type { PluginLogs, PluginOutput } from './logs/plugin-logs.ts';
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
