/**
 * Opens a gateway: keeps one socket for each plugin of the source.
 */
import { createListeners, createSerialQueue, runOnce } from '@outboard/async';
import type { Logger } from 'pino';
import { openAliasClaims } from './aliases/alias-claims.ts';
import type { CreatePluginHandler, Gateway, GatewayAccess, GatewayPlugin, PluginSource } from './gateway.ts';
import { SocketTable } from './socket-table.ts';
import {
  type DescriptorStore,
  type InheritedDescriptor,
  noDescriptorStore,
} from './sockets/descriptor-store.ts';
import { openInheritedSockets } from './sockets/inherited-sockets.ts';
import { repeatCheck } from './sockets/repeated-check.ts';
import { watchDirectory } from './sockets/watch-path.ts';

/** Time for requests in flight to end when the gateway closes; then their connections are cut. */
const drainMs = 10_000;

/** Options of `openGateway`. */
export interface GatewayOptions<Plugin extends GatewayPlugin> {
  /** Directory of the sockets: an absolute path, made with the first socket. */
  readonly directory: string;
  /** File with the names of sockets; absent: they are kept in memory. Its directory exists. */
  readonly aliasFile?: string | undefined;
  readonly access: GatewayAccess;
  readonly source: PluginSource<Plugin>;
  readonly createHandler: CreatePluginHandler<Plugin>;
  /** Keeps the sockets for the next process; default none. */
  readonly store?: DescriptorStore | undefined;
  /** The content of the store that an earlier process left; the gateway owns it from now on. */
  readonly inherited?: readonly InheritedDescriptor[] | undefined;
  readonly logger: Logger;
}

/** Open a gateway; it listens for all plugins of the source when this resolves, those with a problem excepted. */
export async function openGateway<Plugin extends GatewayPlugin>(
  options: GatewayOptions<Plugin>,
): Promise<Gateway> {
  const { directory, source, logger, store = noDescriptorStore } = options;
  const claims = await openAliasClaims(options.aliasFile, logger);
  const inherited = await openInheritedSockets(options.inherited ?? [], store);
  const table = new SocketTable({ ...options, claims, store, inherited });
  const queue = createSerialQueue();
  const reportFailure = (error: unknown) =>
    logger.error({ err: error }, 'cannot keep the sockets of the gateway');

  const listeners = createListeners(reportFailure);
  const settle = async () => {
    await table.settle();
    listeners.notify();
  };

  const watch = watchDirectory(directory, () => repeated.schedule());
  const repeated = repeatCheck(async () => {
    // First, so that no change during the check is missed.
    watch.renew();
    await queue.run(() => table.check());
  }, reportFailure);
  const stopListening = source.onChange(({ plugin }) => {
    table.outdate(plugin.id);
    queue.run(settle).catch(reportFailure);
  });
  await queue.run(settle);
  await inherited.release();
  watch.renew();

  const close = runOnce(async () => {
    stopListening();
    watch.close();
    // First, since a closed socket would be created again.
    await repeated.end();
    watch.close();
    await queue.run(() => table.suspend(AbortSignal.timeout(drainMs)));
  });
  return {
    endpoints: () => table.endpoints(),
    endpoint: (pluginId) => table.endpoint(pluginId),
    onChange: (listener) => listeners.add(listener),
    isOwnSocket: (path) => table.isOwnSocket(path),
    admitAlias: ({ name }, alias) => table.admitAlias(name, alias),
    settled: () => queue.run(async () => undefined),
    close,
    [Symbol.asyncDispose]: close,
  };
}
