/**
 * Plugins that are shared with a user.
 */
import { join } from 'node:path';
import type { ConnectablePlugin } from './consumer-kind.ts';

/**
 * The plugins that some shares name. Only those that serve volumes and nothing else: whoever calls another one can do more than
 * use volumes.
 * @param shares names of sockets or of plugins
 */
export function sharedPlugins(
  plugins: readonly ConnectablePlugin[],
  shares: readonly string[],
): readonly ConnectablePlugin[] {
  return plugins.filter(
    (plugin) =>
      shares.some((share) => isNamed(plugin, share)) &&
      plugin.capabilities.length > 0 &&
      plugin.capabilities.every((capability) => capability === 'volumedriver'),
  );
}

/** The shares that name no plugin that can be shared now. */
export function openShares(
  plugins: readonly ConnectablePlugin[],
  shares: readonly string[],
): readonly string[] {
  return shares.filter((share) => sharedPlugins(plugins, [share]).length === 0);
}

/** Path of the socket of a plugin for a user. @param directory of the sockets of all users */
export function userSocket(directory: string, uid: number, alias: string): string {
  return join(directory, String(uid), `${alias}.sock`);
}

function isNamed({ alias, name }: ConnectablePlugin, share: string): boolean {
  return alias === share || name === share || name === `${share}:latest`;
}
