/**
 * The discovery of legacy plugins for one engine: directories to search, and the engine's own sockets to ignore.
 */
import { basename, dirname, join } from 'node:path';
import { isPluginId } from '../../store/plugin-layout.ts';
import type { LegacyDiscovery } from './discover-legacy.ts';
import { defaultLegacyDirectories, type LegacyDirectories } from './legacy-directories.ts';

/**
 * @param execRoot a path without links. Its sockets (the API, managed plugins) are never legacy plugins, even if a link or a spec
 *   file points to them
 * @param isGatewaySocket true for further sockets of this program
 */
export function createLegacyDiscovery(
  execRoot: string,
  directories: LegacyDirectories = defaultLegacyDirectories,
  isGatewaySocket: LegacyDiscovery['isOwnSocket'] = () => false,
): LegacyDiscovery {
  const managed = join(execRoot, 'plugins');
  return {
    directories,
    isOwnSocket(path) {
      const directory = dirname(path);
      if (directory === execRoot || isGatewaySocket(path)) return true;
      return dirname(directory) === managed && isPluginId(basename(directory));
    },
  };
}
