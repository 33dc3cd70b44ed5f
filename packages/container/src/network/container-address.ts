/**
 * Address of a container on the bridge, from the record of its network.
 */
import { attachmentFile, attachmentPath } from './attachment-file.ts';
import { bridgedInterface } from './bridge-steps.ts';
import { addressOfResult } from './cni/cni-result.ts';
import { lastResult } from './network-steps.ts';

/**
 * Read the address of a container.
 * @returns IPv4; undefined when it has none at the moment
 * @throws {OutboardError} system when the record is damaged
 */
export async function readContainerAddress(execRoot: string, id: string): Promise<string | undefined> {
  const attachment = await attachmentFile.read(attachmentPath(execRoot, id));
  const result = attachment && lastResult(attachment, bridgedInterface);
  return result === undefined ? undefined : addressOfResult(result).address;
}
