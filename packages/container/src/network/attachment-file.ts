/**
 * The record of what was set up for the network of one container. It is written before the first step, so that a
 * later process can undo it after a crash: addresses and firewall rules outlive the process that made them.
 */
import { join } from 'node:path';
import { JsonFile } from '@outboard/oci';
import * as z from 'zod';

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

/** Records of networks. They mean nothing after a reboot. */
export const attachmentFile = new JsonFile<Attachment>({
  subject: 'network record',
  isDurable: false,
  endsWithNewline: false,
  encode: (content) => content,
  decode: (document) => attachment.parse(document),
});
