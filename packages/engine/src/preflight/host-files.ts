/**
 * Files of the host that are mounted into every plugin with its network. On a host without one, the plugin has none
 * either.
 */

import type { FileSystemProbe } from '@outboard/container';
import type { PluginConfig } from '../config/plugin-config.ts';
import { hostNetworkFiles } from '../spec/joined-network.ts';

const typeBits = 0o170000; // S_IFMT
const fileType = 0o100000; // S_IFREG

/**
 * Find the files that this host lacks, or that lie on a file system that does not answer.
 * @throws the signal's reason
 */
export async function findMissingHostFiles(
  config: PluginConfig,
  probe: FileSystemProbe,
): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const path of hostNetworkFiles(config)) {
    const status = await probe.status(path, { followLinks: true });
    if (status.kind !== 'found' || (status.value.mode & typeBits) !== fileType) missing.push(path);
  }
  return missing;
}
