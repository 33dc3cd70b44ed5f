/**
 * The gateway with the daemon's configuration. The engine opens it before it starts plugins.
 */
import { join, resolve } from 'node:path';
import { runOnce } from '@outboard/async';
import type { EngineGateway, PluginEngine, ServedPlugin } from '@outboard/engine';
import {
  type CallLog,
  type DescriptorStore,
  type Gateway,
  type InheritedDescriptor,
  openGateway,
  type PluginSource,
  releaseInherited,
} from '@outboard/gateway';
import { makeDirectoryDurably } from '@outboard/oci';
import type { Logger } from 'pino';
import type { Configuration } from './configuration/configuration.ts';
import { createGatewayHandlers } from './gateway-handlers.ts';
import { findSocketGroup, type SocketGroup } from './listen/socket-group.ts';
import { openCallLog } from './open-call-log.ts';

/** Directory in the data root, and its file with the names of sockets. */
const [ownDirectory, aliasFile] = ['gateway', 'aliases.json'];

/** Protocol schemes of a config that mean HTTP. */
const httpSchemes: ReadonlySet<string> = new Set(['', 'moby.plugins.http/v1']);

/** Parts for the gateway. */
export interface DaemonGatewayDeps {
  readonly configuration: Pick<Configuration, 'data-root' | 'gateway-dir' | 'gateway-mode' | 'gateway-group'>;
  /** The API's group, which the sockets have by default. */
  readonly group: SocketGroup | undefined;
  /** Keeps the sockets over a restart. */
  readonly store: DescriptorStore;
  /** Sockets that the daemon before has left in the store. */
  readonly inherited: readonly InheritedDescriptor[];
  readonly logger: Logger;
}

/** The gateway of a daemon. */
export interface DaemonGateway extends EngineGateway, AsyncDisposable {
  /** Undefined before it is open, and when the configuration has no directory for it. */
  current(): Gateway | undefined;
  /** The record of the calls of this engine's plugins: always the same one. */
  calls(engine: PluginEngine): CallLog;
}

/** Create a gateway that is not open; disposing it closes it. */
export function createDaemonGateway(deps: DaemonGatewayDeps): DaemonGateway {
  let gateway: Gateway | undefined;
  let calls: CallLog | undefined;
  function callsOf(engine: PluginEngine): CallLog {
    calls ??= openCallLog(engine, deps.logger);
    return calls;
  }
  return {
    current: () => gateway,
    calls: callsOf,
    async open(engine) {
      gateway = await openOver(engine, callsOf(engine), deps);
    },
    isOwnSocket: (path) => gateway?.isOwnSocket(path) ?? false,
    admitOptions(plugin, options) {
      const alias = options.gateway?.alias;
      if (alias !== undefined) gateway?.admitAlias(plugin, alias);
    },
    [Symbol.asyncDispose]: runOnce(async () => gateway?.close()),
  };
}

/** @throws {OutboardError} invalid if its group does not exist */
async function openOver(
  engine: PluginEngine,
  calls: CallLog,
  deps: DaemonGatewayDeps,
): Promise<Gateway | undefined> {
  const { configuration, inherited, logger, store } = deps;
  if (configuration['gateway-dir'] === '') {
    await releaseInherited(inherited, store);
    return undefined;
  }
  const named = configuration['gateway-group'];
  const group = named === undefined ? deps.group : await findSocketGroup(named);
  const directory = join(configuration['data-root'], ownDirectory);
  await makeDirectoryDurably(directory, { mode: 0o700 });
  return openGateway({
    directory: resolve(configuration['gateway-dir']),
    aliasFile: join(directory, aliasFile),
    access: { mode: Number.parseInt(configuration['gateway-mode'], 8), gid: group?.gid },
    source: pluginSource(engine),
    createHandler: createGatewayHandlers({ engine, calls, logger }),
    store,
    inherited,
    logger,
  });
}

function pluginSource({
  damaged,
  list,
  options,
  serving,
}: Pick<PluginEngine, 'damaged' | 'list' | 'options' | 'serving'>): PluginSource<ServedPlugin> {
  const sound = () => list().map(({ id, name }) => ({ id, name, options: options(id).inForce }));
  return {
    // Others, such as gRPC, are called directly.
    all: () => serving.all().filter(({ protocolScheme }) => httpSchemes.has(protocolScheme)),
    // A damaged plugin keeps its name until it is repaired or removed.
    installed: () => [
      ...sound(),
      ...damaged().flatMap(({ id, name }) => (name === undefined ? [] : { id, name })),
    ],
    onChange: (listener) => serving.onChange(listener),
  };
}
