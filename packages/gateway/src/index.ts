/**
 * Plugins for other engines: the public face of the package.
 */
export type { CalledPlugin, CallLog, CallQuery, EndedCall } from './calls/call-log.ts';
export type { CallOutcome } from './calls/call-outcome.ts';
export { type CallTotals, callDurationBounds, type MethodTotals } from './calls/call-totals.ts';
export { createCallLog } from './calls/recorded-calls.ts';
export { consumerKinds } from './consumer-kinds.ts';
export { connectOptionsCodec } from './consumers/consumer-kind.ts';
export type { ConnectionStatus, ConsumerReport, Consumers } from './consumers/consumers.ts';
export { openConsumers } from './consumers/create-consumers.ts';
export { createPluginHandlers } from './exchange/create-plugin-handlers.ts';
export type {
  CountedMounts,
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
