/**
 * Which address a plugin has on the bridge, by the record of what was set up for it.
 */
import { attachmentPath, readAttachment } from './attachment-file.ts';
import { bridgedInterface } from './bridge-steps.ts';
import { addressOfResult } from './cni/cni-result.ts';
import { lastResult } from './network-steps.ts';

/**
 * @returns IPv4; undefined when the plugin has none at the moment
 * @throws {OutboardError} system when the record is damaged
 */
export async function readContainerAddress(execRoot: string, id: string): Promise<string | undefined> {
  const attachment = await readAttachment(attachmentPath(execRoot, id));
  const result = attachment && lastResult(attachment, bridgedInterface);
  return result === undefined ? undefined : addressOfResult(result).address;
}
