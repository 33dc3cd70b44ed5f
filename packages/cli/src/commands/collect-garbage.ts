/**
 * `outboard gc`
 */
import { collectGarbage, type Garbage } from '../client/outboard-api.ts';
import { formatDocument, parseFormat } from '../output/output-format.ts';
import { formatBytes } from '../terminal/format-bytes.ts';
import type { CommandContext } from './command-context.ts';

/** Remove content that no plugin needs, and print the reclaimed size. */
export async function removeGarbage(
  { client, host }: CommandContext,
  { format }: { readonly format: string },
): Promise<void> {
  const wanted = parseFormat(format);
  const { blobs, bytes, kept } = await collectGarbage(client);
  const removed = `Removed ${countBlobs(blobs)}, reclaimed ${formatBytes(bytes)}\n`;
  const document = {
    BlobsRemoved: blobs,
    BytesReclaimed: bytes,
    ...(kept && { KeptForDamaged: { Blobs: kept.blobs, Bytes: kept.bytes } }),
  };
  host.stdout.write(formatDocument(document, wanted, removed + describeKept(kept)));
}

function describeKept(kept: Garbage['kept']): string {
  if (kept === undefined) return '';
  const amount = `${countBlobs(kept.blobs)} (${formatBytes(kept.bytes)})`;
  return `Kept ${amount} that damaged plugins may need: see outboard ls, then repair or remove them\n`;
}

function countBlobs(count: number): string {
  return `${count} ${count === 1 ? 'blob' : 'blobs'}`;
}
