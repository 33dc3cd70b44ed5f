/**
 * Opens the connections of consumers with the daemon's configuration, and keeps their files in line with the plugins.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PluginEngine } from '@outboard/engine';
import { type Consumers, consumerKinds, type Gateway, openConsumers } from '@outboard/gateway';
import type { Logger } from 'pino';
import type { Configuration } from './configuration/configuration.ts';

/** Name of the record in the data root. */
const recordName = join('gateway', 'consumers.json');
/** This file must stay directly in `src/`: its relative path has the same depth in the bundle. */
const programFile = fileURLToPath(new URL('../../../bin/outboard', import.meta.url));

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
    kinds: consumerKinds({ program: [process.execPath, programFile], host: apiAddress(configuration) }),
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

function connectablePlugins(engine: Pick<PluginEngine, 'list'>, gateway: Gateway) {
  const plugins = new Map(engine.list().map((plugin) => [plugin.id, plugin]));
  return gateway.endpoints().flatMap(({ pluginId, alias, path }) => {
    const plugin = plugins.get(pluginId);
    if (plugin === undefined || path === '') return [];
    const capabilities = (plugin.config.interface.types ?? []).map(({ capability }) => capability);
    return [{ id: pluginId, name: plugin.name, alias, socket: path, capabilities }];
  });
}
