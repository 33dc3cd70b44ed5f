/**
 * Opens the gateway with the daemon's configuration.
 */
import { resolve } from 'node:path';
import type { Plugin, PluginEngine } from '@outboard/engine';
import { type Gateway, openGateway, type PluginSource } from '@outboard/gateway';
import type { Logger } from 'pino';
import type { Configuration } from './configuration/configuration.ts';
import { createGatewayHandlers } from './gateway-handlers.ts';
import { findSocketGroup, type SocketGroup } from './listen/socket-group.ts';

/** Parts for the gateway. */
export interface DaemonGatewayDeps {
  readonly configuration: Pick<Configuration, 'gateway-dir' | 'gateway-mode' | 'gateway-group'>;
  readonly engine: Pick<PluginEngine, 'list' | 'onEvent' | 'serving' | 'volumes'>;
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
  return openGateway({
    directory: resolve(configuration['gateway-dir']),
    access: { mode: Number.parseInt(configuration['gateway-mode'], 8), gid: group?.gid },
    source: enabledPlugins(engine),
    createHandler: createGatewayHandlers(engine, logger),
    logger,
  });
}

function enabledPlugins(engine: Pick<PluginEngine, 'list' | 'onEvent'>): PluginSource<Plugin> {
  return {
    all: () => engine.list().filter((plugin) => plugin.enabled),
    onChange: (listener) =>
      engine.onEvent(({ type }) => {
        if (type === 'plugin') listener();
      }),
  };
}
