/**
 * Plugins for other engines: the public face of the package.
 */
export { createPluginHandlers } from './exchange/create-plugin-handlers.ts';
export type {
  CountedMounts,
  HandledCall,
  HandledPlugin,
  MountOptions,
  PluginHandlerDeps,
} from './exchange/plugin-exchange.ts';
export type {
  CreatePluginHandler,
  Gateway,
  GatewayAccess,
  GatewayEndpoint,
  GatewayPlugin,
  PluginSource,
} from './gateway.ts';
export { type GatewayOptions, openGateway } from './open-gateway.ts';
export type { CallLimits } from './protection/call-limits.ts';
