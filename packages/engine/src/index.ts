/**
 * The plugin system: configs, records, runtime, supervision and the operations on plugins: the public face of the package.
 */

// What callers of the engine need from @outboard/oci, so that they import one package.
export type { ErrorKind, OutboardErrorOptions, RegistryAccess, RegistryCredentials } from '@outboard/oci';
export { isOutboardError, OutboardError } from '@outboard/oci';
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
  CollectedGarbage,
  PluginEngine,
  PluginEvent,
  PluginFilters,
  PullRequest,
  PushRequest,
  UpgradeRequest,
} from './plugin-engine-contract.ts';
export type { ProgressEvent, ReportProgress } from './progress.ts';
export type { PluginState } from './supervise/supervisor.ts';
