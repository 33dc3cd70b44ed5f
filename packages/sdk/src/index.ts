/**
 * The public face of the package: define a plugin, the interface of volume drivers, and the errors of calls.
 */

export {
  definePlugin,
  type Plugin,
  type PluginDefinition,
  type RunningPlugin,
  type ServeOptions,
} from './define-plugin.ts';
export { type FailureStatus, PluginError, type PluginErrorOptions } from './plugin-error.ts';
export { pluginSocketDirectory } from './server/socket-path.ts';
export type { CreateVolume, Volume, VolumeDriver } from './volume/volume-driver.ts';
export type { CallContext } from './wire/call.ts';
