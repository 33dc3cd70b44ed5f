export {
  definePlugin,
  type Plugin,
  type PluginDefinition,
  type RunningPlugin,
  type ServeOptions,
} from './define-plugin.ts';
export { type FailureStatus, PluginError } from './plugin-error.ts';
export { PLUGIN_SOCKET_FOLDER } from './server/socket-path.ts';
export type { CreateVolume, Volume, VolumeDriver } from './volume/volume-driver.ts';
export type { CallContext } from './wire/call.ts';
