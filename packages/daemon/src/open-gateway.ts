/**
 * Opens the gateway with the daemon's configuration.
 */
import { join, resolve } from 'node:path';
import type { PluginEngine, ServedPlugin } from '@outboard/engine';
import { type Gateway, openGateway, type PluginSource } from '@outboard/gateway';
import { makeDirectories } from '@outboard/oci';
import type { Logger } from 'pino';
import type { Configuration } from './configuration/configuration.ts';
import { createGatewayHandlers } from './gateway-handlers.ts';
import { findSocketGroup, type SocketGroup } from './listen/socket-group.ts';

/** Directory in the data root, and its file with the names of sockets. */
const [ownDirectory, aliasFile] = ['gateway', 'aliases.json'];

/** Parts for the gateway. */
export interface DaemonGatewayDeps {
  readonly configuration: Pick<Configuration, 'data-root' | 'gateway-dir' | 'gateway-mode' | 'gateway-group'>;
  readonly engine: Pick<PluginEngine, 'damaged' | 'list' | 'logPipes' | 'options' | 'serving' | 'volumes'>;
  /** The API's group, which the sockets have by default. */
  readonly group: SocketGroup | undefined;
  readonly logger: Logger;
}

/**
 * Open the gateway; the caller disposes it.
 * @returns undefined when the configuration has no directory for it
 * @throws {OutboardError} invalid if its group does not exist
 */
export async function openDaemonGateway(deps: DaemonGatewayDeps): Promise<Gateway | undefined> {
  const { configuration, engine, logger } = deps;
  if (configuration['gateway-dir'] === '') return undefined;
  const named = configuration['gateway-group'];
  const group = named === undefined ? deps.group : await findSocketGroup(named);
  const directory = join(configuration['data-root'], ownDirectory);
  await makeDirectories(directory, { mode: 0o700 });
  return openGateway({
    directory: resolve(configuration['gateway-dir']),
    aliasFile: join(directory, aliasFile),
    access: { mode: Number.parseInt(configuration['gateway-mode'], 8), gid: group?.gid },
    source: pluginSource(engine),
    createHandler: createGatewayHandlers(engine, logger),
    logger,
  });
}

function pluginSource({
  damaged,
  list,
  options,
  serving,
}: DaemonGatewayDeps['engine']): PluginSource<ServedPlugin> {
  const sound = () => list().map(({ id, name }) => ({ id, name, options: options(id).inForce }));
  return {
    all: () => serving.all(),
    // A damaged plugin keeps its name until it is repaired or removed.
    installed: () => [
      ...sound(),
      ...damaged().flatMap(({ id, name }) => (name === undefined ? [] : { id, name })),
    ],
    onChange: (listener) => serving.onChange(listener),
  };
}
