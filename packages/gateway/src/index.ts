/**
 * Plugins for other engines: the public face of the package.
 */
export type {
  CreatePluginHandler,
  Gateway,
  GatewayAccess,
  GatewayEndpoint,
  GatewayPlugin,
  PluginSource,
} from './gateway.ts';
export { type GatewayOptions, openGateway } from './open-gateway.ts';
