/**
 * The record of what was set up for the network of one container. It is written before the first step, so that a
 * later process can undo it after a crash: addresses and firewall rules outlive the process that made them.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OutboardError, onStorage } from '@outboard/oci';
import * as z from 'zod';
import { errorCode } from '../linux/errno.ts';

const step = z.object({
  interfaceName: z.string(),
  config: z.looseObject({ type: z.string().regex(/^[\w-]+$/) }),
  /** Result of the CNI plugin; absent when it was not called, or its result was not read. */
  result: z.unknown().optional(),
});

const attachment = z.object({
  version: z.literal(1),
  bridge: z.string(),
  /** In the order of execution. */
  steps: z.array(step).max(16),
});

/** Record of the network of one container. */
export type Attachment = z.infer<typeof attachment>;
/** One step, with its result. */
export type AttachmentStep = z.infer<typeof step>;

/** Directory with one subdirectory for each container with a network. */
export function networksDirectory(execRoot: string): string {
  return join(execRoot, 'networks', 'plugins');
}

/** Path of the record of one container. */
export function attachmentPath(execRoot: string, id: string): string {
  return join(networksDirectory(execRoot), id, 'attachment.json');
}

/** Write the record atomically. It is not flushed, since it is meaningless after a reboot. */
export async function writeAttachment(path: string, content: Attachment): Promise<void> {
  await onStorage('write file', path, async () => {
    await writeFile(`${path}.new`, JSON.stringify(content), { mode: 0o600 });
    await rename(`${path}.new`, path);
  });
}

/**
 * Read a record.
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
