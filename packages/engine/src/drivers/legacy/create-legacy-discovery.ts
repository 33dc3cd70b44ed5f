/**
 * Where this engine looks for legacy plugins, and which sockets it knows to be its own.
 */
import { basename, dirname, join } from 'node:path';
import { isPluginId } from '../../store/plugin-layout.ts';
import type { LegacyDiscovery } from './discover-legacy.ts';
import { defaultLegacyDirectories, type LegacyDirectories } from './legacy-directories.ts';

/**
 * @param execRoot a path without links, whose sockets (the API, managed plugins) are no legacy plugins, wherever a link or a file names them
 */
export function createLegacyDiscovery(
  execRoot: string,
  directories: LegacyDirectories = defaultLegacyDirectories,
): LegacyDiscovery {
  const managed = join(execRoot, 'plugins');
  return {
    directories,
    isOwnSocket(path) {
      const folder = dirname(path);
      return folder === execRoot || (dirname(folder) === managed && isPluginId(basename(folder)));
    },
  };
}
