/**
 * Parses the messages of the child, which has processed hostile bytes and is not trusted.
 */
import { OutboardError, parseDigest } from '@outboard/oci';
import * as z from 'zod';
import type { JailMessage } from './jail-protocol.ts';

const maxLineBytes = 256 * 1024;
const count = z.number().int().nonnegative();

const layerSchema = z.strictObject({
  diffId: z.string().transform(parseDigest).exactOptional(),
  compression: z.enum(['none', 'gzip', 'zstd']),
  entries: count,
  size: count,
  warnings: z.array(z.string().max(2048)).max(100),
});

/** Errors that an archive or a disk can cause. */
const failureSchema = z.strictObject({
  type: z.literal('failed'),
  kind: z.enum(['invalid', 'system']),
  message: z.string().max(16 * 1024),
  code: z.string().max(64).optional(),
});

const messageSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('entered') }),
  z.strictObject({ type: z.literal('layer'), layer: layerSchema }),
  z.strictObject({ type: z.literal('archived') }),
  z.strictObject({ type: z.literal('finished') }),
  failureSchema,
]);

/**
 * Create a reader of the control channel.
 * @returns function that takes each piece of text; it throws {OutboardError} system for anything but a message
 */
export function createMessageReader(onMessage: (message: JailMessage) => void): (text: string) => void {
  let pending = '';
  return (text) => {
    pending += text;
    for (let end = pending.indexOf('\n'); end !== -1; end = pending.indexOf('\n')) {
      const line = pending.slice(0, end);
      pending = pending.slice(end + 1);
      onMessage(parseMessage(line));
    }
    if (pending.length > maxLineBytes)
      throw new OutboardError('system', 'the unpack jail sent an endless line');
  };
}

function parseMessage(line: string): JailMessage {
  try {
    const message = messageSchema.parse(JSON.parse(line));
    if (message.type !== 'failed') return message;
    const { code, ...rest } = message;
    return code === undefined ? rest : { ...rest, code };
  } catch (cause) {
    throw new OutboardError('system', `the unpack jail sent ${JSON.stringify(line.slice(0, 200))}`, {
      cause,
    });
  }
}
