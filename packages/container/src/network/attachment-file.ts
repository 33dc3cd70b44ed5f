/**
 * What was set up for one plugin's network, on disk from before the first step, so that whoever comes after a crash can
 * take it back: addresses and firewall rules outlive the process that made them.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OutboardError, onStorage } from '@outboard/oci';
import * as z from 'zod';
import { errorCode } from '../linux/errno.ts';

const step = z.object({
  interfaceName: z.string(),
  config: z.looseObject({ type: z.string().regex(/^[\w-]+$/) }),
  /** What the plugin answered; absent when it was not called, or its answer never read. */
  result: z.unknown().optional(),
});

const attachment = z.object({
  version: z.literal(1),
  bridge: z.string(),
  /** In the order in which they are done. */
  steps: z.array(step).max(16),
});

export type Attachment = z.infer<typeof attachment>;
export type AttachmentStep = z.infer<typeof step>;

/** The directories of all plugins that have a network. */
export function networksDirectory(execRoot: string): string {
  return join(execRoot, 'networks', 'plugins');
}

/** Where the record of one plugin is. */
export function attachmentPath(execRoot: string, id: string): string {
  return join(networksDirectory(execRoot), id, 'attachment.json');
}

/** Write it, whole or not at all. It means nothing after a reboot, so nothing is flushed. */
export async function writeAttachment(path: string, content: Attachment): Promise<void> {
  await onStorage('write file', path, async () => {
    await writeFile(`${path}.new`, JSON.stringify(content), { mode: 0o600 });
    await rename(`${path}.new`, path);
  });
}

/**
 * @returns undefined when there is none
 * @throws {OutboardError} system when it is damaged
 */
export async function readAttachment(path: string): Promise<Attachment | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return attachment.parse(JSON.parse(text));
  } catch (cause) {
    throw new OutboardError('system', `${JSON.stringify(path)} is damaged`, { cause });
  }
}
