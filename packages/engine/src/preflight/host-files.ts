/**
 * Files of the host that a plugin gets whatever it asks for. A host may be without them: then the plugin is too.
 */

import type { FileSystemProbe } from '@outboard/container';
import type { PluginConfig } from '../config/plugin-config.ts';
import { hostNetworkFiles } from '../spec/joined-network.ts';

const typeBits = 0o170000; // S_IFMT
const fileType = 0o100000; // S_IFREG

/**
 * Which of them this host does not have, or cannot show.
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
