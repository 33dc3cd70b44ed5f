/**
 * The plugin system: the public face of the package, for programs that embed it and for the daemon. Requests and replies
 * of drivers have their types in `@outboard/protocol`.
 */

// Open an engine, and what it is made of.
// Insight.
export type {
  BridgeOptions,
  CgroupDriver,
  ContainerProcess,
  ExecRequest,
  ExecSession,
  LogLine,
  LogQuery,
  OutputStream,
  ResourceUsage,
} from '@outboard/container';
// Parts of the host that the daemon needs and must not import itself.
export {
  cgroupDrivers,
  cgroups,
  findBinary,
  mountViews,
  openListeningSocket,
  parseTimestamp,
  pathOfSocket,
  prioritizeMainThread,
  sendDatagram,
  sendDescriptors,
  setCloseOnExec,
  stopReceiving,
} from '@outboard/container';
export type { ErrorKind } from '@outboard/oci';
export { isOutboardError, OutboardError } from '@outboard/oci';
// Calls to plugins: find a driver by name and capability, wrap its client by its kind.
export type {
  AuthorizationDecision,
  AuthorizationPlugin,
  AuthorizationRequest,
  AuthorizationResponse,
  IpamDriver,
  LogDriver,
  MetricsCollector,
  NetworkDriver,
  PluginClient,
  SecretProvider,
  VolumeDriver,
} from '@outboard/protocol';
export {
  createAuthorizationPlugin,
  createIpamDriver,
  createLogDriver,
  createMetricsCollector,
  createNetworkDriver,
  createPluginClient,
  createSecretProvider,
  createVolumeDriver,
  endpointOptions,
  networkOptions,
} from '@outboard/protocol';
// Archives of plugins.
export type { ArchivedPlugin } from './archives/describe-archive.ts';
export type { StagedArchive } from './archives/staged-archives.ts';
// Configs, settings, options and privileges, and their documents.
export type { ConfigFinding, FindingSeverity } from './config/config-finding.ts';
export { flawOfAlias, gatewayDefaults, usableAlias } from './config/gateway-options.ts';
export type { ParsedPluginConfig } from './config/parse-plugin-config.ts';
export { parsePluginConfig } from './config/parse-plugin-config.ts';
export type { PluginOptionsPatch } from './config/parse-plugin-options.ts';
export { parseOptionsPatch, toOptionsDocument } from './config/parse-plugin-options.ts';
export type { Plugin, PluginConfig, PluginSettings, Privilege } from './config/plugin-config.ts';
export {
  encodeConfigBlob,
  parsePrivileges,
  toPluginDocument,
  toPrivilegeDocument,
} from './config/plugin-document.ts';
export type { DecidedOptions, PluginOptions } from './config/plugin-options.ts';
export { computePrivileges } from './config/privileges.ts';
export {
  defaultSecretPatterns,
  hiddenValue,
  hideSecrets,
  isSecretSetting,
  type SecretDeclarations,
} from './config/secret-settings.ts';
export { parseSecurityOptions } from './config/security-options.ts';
export { servedCapabilities } from './config/served-capabilities.ts';
export type { SourceImageFacts } from './config/source-image-facts.ts';
export type { ValueSurroundings } from './config/value-source.ts';
export type { Verification } from './config/verification.ts';
export type { LegacyDirectories } from './drivers/legacy/legacy-directories.ts';
export type { LogStream } from './drivers/log-stream.ts';
export { openLogStream } from './drivers/log-stream.ts';
export type { Capability, PluginDriver, PluginDrivers } from './drivers/plugin-drivers.ts';
// The gateway of a program.
export type { EngineGateway } from './engine-gateway.ts';
// Measurements and events.
export { observedOperations } from './engine-operations.ts';
export type { PluginCallLines } from './logs/plugin-call-lines.ts';
export type { PluginLogs, PluginOutput } from './logs/plugin-logs.ts';
export { requireVisibleTo } from './mounts/consumer-view.ts';
export type { Announcement, EngineEvent } from './observe/engine-events.ts';
export type { EngineObserver, OperationMeasurement, OperationOutcome } from './observe/engine-observer.ts';
// The installer.
export type { ProgressEvent, ReportProgress } from './observe/progress.ts';
export { openPluginEngine } from './open-plugin-engine.ts';
// The catalog.
export type { DamagedPluginStatus } from './operations/catalog/damaged.ts';
export type { PluginFilters } from './operations/catalog/list.ts';
export type { PluginCatalog } from './operations/catalog/plugin-catalog.ts';
export type { PluginStatus } from './operations/catalog/status.ts';
export type { DataCheck } from './operations/check/check-data.ts';
export type { DataCheckReport, DataCheckRequest, DataFinding } from './operations/check/data-finding.ts';
export type { CollectedGarbage, GarbageOptions } from './operations/content/collect-garbage.ts';
// Control.
export type { PluginControl } from './operations/control/plugin-control.ts';
export type { SetOptions } from './operations/control/set.ts';
export type { PluginDebugRequest } from './operations/insight/exec.ts';
export type { PluginInsight } from './operations/insight/plugin-insight.ts';
export type { PluginStats } from './operations/insight/stats.ts';
export type { AdoptRequest } from './operations/install/adopt.ts';
export type { Adoption } from './operations/install/adopt-plugin.ts';
export type { CreateRequest } from './operations/install/create.ts';
export type { CreateFromImageRequest } from './operations/install/create-from-image.ts';
export type { PluginInstaller } from './operations/install/plugin-installer.ts';
export type { PullRequest } from './operations/install/pull.ts';
export type { RepairedPlugin } from './operations/install/repair.ts';
export type { RollbackOptions } from './operations/install/rollback.ts';
export type { UpgradeRequest } from './operations/install/upgrade.ts';
export type { VerifiedPlugin, VerifyOptions } from './operations/install/verify.ts';
export type { ExportRequest } from './operations/publish/export.ts';
export type { PushRequest } from './operations/publish/push.ts';
export type { SaveRequest } from './operations/publish/save.ts';
export type { PluginEngine } from './plugin-engine.ts';
export type { MetricsSocket, PluginEngineOptions } from './plugin-engine-options.ts';
export type { PolicyFile, ReloadableSignaturePolicy } from './policy/open-signature-policy.ts';
export { type DiagnoseOptions, diagnoseHost } from './preflight/diagnose-host.ts';
export type { AuthoredPlugin, ExaminedPlugin } from './preflight/examine-plugin.ts';
export { examinePlugin } from './preflight/examine-plugin.ts';
export type { Finding } from './preflight/finding.ts';
export type { HostCheck } from './preflight/requirement.ts';
// References and volumes.
export {
  type Consumer,
  consumerCodec,
  consumerOf,
  describeConsumer,
  showConsumer,
} from './references/consumer.ts';
export {
  type PluginReference,
  type PluginReferences,
  type ReferenceSource,
  referenceCodec,
} from './references/plugin-references.ts';
export { showReference } from './references/show-reference.ts';
// Plugins that are enabled by wish.
export type { PluginServing, ServedPlugin, ServingChange } from './serving/plugin-serving.ts';
export type { BackOff } from './supervise/back-off.ts';
export type { HostLogPipes } from './supervise/host/log-directories.ts';
export type { PluginFailure } from './supervise/plugin-failure.ts';
export type { PluginState } from './supervise/supervisor.ts';
export type {
  CreateVolumeRequest,
  PruneVolumesRequest,
  TextMap,
  Volume,
  VolumeFilters,
  Volumes,
} from './volumes/volumes.ts';
