/**
 * Opens the connections of consumers with the daemon's configuration, and keeps their files in line with the plugins.
 */
import { join, resolve } from 'node:path';
import { mountViews, type PluginEngine, type ServedPlugin } from '@outboard/engine';
import {
  type CallLog,
  type ConnectablePlugin,
  type Consumers,
  consumerKinds,
  type Gateway,
  openConsumers,
  openUserShares,
  type UserShares,
} from '@outboard/gateway';
import type { Logger } from 'pino';
import type { Configuration } from './configuration/configuration.ts';
import { createGatewayHandlers } from './gateway-handlers.ts';
import { programCommand } from './installation.ts';

/** Name of the record in the data root. */
const recordName = join('gateway', 'consumers.json');

/** Parts for connections. */
export interface DaemonConsumersDeps {
  readonly configuration: Pick<Configuration, 'data-root' | 'exec-root' | 'hosts'>;
  readonly engine: Pick<PluginEngine, 'list'>;
  readonly gateway: Gateway;
  readonly logger: Logger;
}

/** Open the connections; the caller disposes them. */
export async function openDaemonConsumers(deps: DaemonConsumersDeps): Promise<Consumers> {
  const { configuration, engine, gateway, logger } = deps;
  return openConsumers({
    kinds: consumerKinds({
      command: { program: programCommand(), host: apiAddress(configuration) },
      usersDirectory: usersDirectory(configuration),
    }),
    recordPath: join(configuration['data-root'], recordName),
    connectable: () => connectablePlugins(engine, gateway),
    installed: () => engine.list().map(({ id }) => id),
    onChange: (listener) => gateway.onChange(listener),
    logger,
    now: () => new Date(),
  });
}

/** A socket that systemd passes on has its usual path. */
function apiAddress({ hosts, 'exec-root': execRoot }: DaemonConsumersDeps['configuration']): string {
  return hosts.find((host) => host.startsWith('unix://')) ?? `unix://${execRoot}/outboard.sock`;
}

/** Beside the directory for run-time data, which only root may enter. */
function usersDirectory({ 'exec-root': execRoot }: Pick<Configuration, 'exec-root'>): string {
  return `${resolve(execRoot)}-users`;
}

/** Parts for the sockets of users. */
export interface DaemonSharesDeps {
  readonly configuration: Pick<Configuration, 'exec-root'>;
  readonly engine: PluginEngine;
  readonly gateway: Gateway;
  readonly consumers: Consumers;
  readonly calls: CallLog;
  readonly logger: Logger;
}

/** Open the sockets of users with whom plugins are shared; the caller disposes them. */
export async function openDaemonShares(deps: DaemonSharesDeps): Promise<UserShares> {
  const { configuration, engine, gateway, consumers, calls, logger } = deps;
  const { serving } = engine;
  const shares = await openUserShares({
    directory: usersDirectory(configuration),
    views: mountViews,
    consumers,
    connectable: () => connectablePlugins(engine, gateway),
    sourceOf: (pluginId) => serving.get(pluginId)?.driver.propagatedMount,
    onChange(listener) {
      const stops = [
        gateway.onChange(() => listener()),
        serving.onChange(({ plugin }: { readonly plugin: ServedPlugin }) => listener(plugin.id)),
      ];
      return () => {
        for (const stop of stops) stop();
      };
    },
    createHandlers: (view) => createGatewayHandlers({ engine, calls, logger, view }),
    logger,
  });
  return shares;
}

function connectablePlugins(
  engine: Pick<PluginEngine, 'list'>,
  gateway: Gateway,
): readonly ConnectablePlugin[] {
  const plugins = new Map(engine.list().map((plugin) => [plugin.id, plugin]));
  return gateway.endpoints().flatMap(({ pluginId, alias, path }) => {
    const plugin = plugins.get(pluginId);
    if (plugin === undefined || path === '') return [];
    const capabilities = (plugin.config.interface.types ?? []).map(({ capability }) => capability);
    return [{ id: pluginId, name: plugin.name, alias, socket: path, capabilities }];
  });
}
