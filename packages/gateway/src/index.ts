/**
 * Plugins for other engines: the public face of the package.
 */

// The log of calls.
export type { CalledPlugin, CallLog, CallQuery, EndedCall } from './calls/call-log.ts';
export type { CallOutcome } from './calls/call-outcome.ts';
export { type CallTotals, callDurationBounds, type MethodTotals } from './calls/call-totals.ts';
export { createCallLog } from './calls/recorded-calls.ts';
// Consumers that are set up.
export { consumerKinds } from './consumer-kinds.ts';
export type { ConnectablePlugin } from './consumers/consumer-kind.ts';
export { connectOptionsCodec } from './consumers/consumer-kind.ts';
export type { ConnectionStatus, ConsumerReport, Consumers } from './consumers/consumers.ts';
export { openConsumers } from './consumers/create-consumers.ts';
// Handlers of sockets.
export { createPluginHandlers } from './exchange/create-plugin-handlers.ts';
export { createOpenStreams, type OpenStreams } from './exchange/open-streams.ts';
export type {
  CountedMounts,
  HandledPlugin,
  MountOptions,
  PluginHandlerDeps,
} from './exchange/plugin-exchange.ts';
// Open a gateway.
export type {
  CreatePluginHandler,
  Gateway,
  GatewayAccess,
  GatewayEndpoint,
  GatewayPlugin,
  PluginSource,
} from './gateway.ts';
export { type GatewayOptions, openGateway } from './open-gateway.ts';
export type { CallLoad } from './protection/call-guard.ts';
export type { CallLimits } from './protection/call-limits.ts';
// Its sockets over restarts.
export {
  type DescriptorStore,
  type InheritedDescriptor,
  isGatewayDescriptor,
  noDescriptorStore,
} from './sockets/descriptor-store.ts';
export { releaseInherited } from './sockets/inherited-sockets.ts';
// Parts that every listener on a unix socket needs.
export { repeatCheck } from './sockets/repeated-check.ts';
export { identifyFile } from './sockets/socket-identity.ts';
export { removeStaleSocket } from './sockets/stale-socket.ts';
export { watchPath } from './sockets/watch-path.ts';
export { openUserShares, type PathView, type UserShares } from './user-shares.ts';
