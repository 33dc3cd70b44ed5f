/**
 * `outboard gc`
 */
import { collectGarbage } from '../client/plugin-api.ts';
import { formatBytes } from '../terminal/format-bytes.ts';
import { formatDocument, parseFormat } from '../terminal/output-format.ts';
import type { CommandContext } from './command-context.ts';

/** Remove content that no plugin needs, and tell how much that was. */
export async function removeGarbage(
  { client, host }: CommandContext,
  { format }: { readonly format: string },
): Promise<void> {
  const wanted = parseFormat(format);
  const { blobs, bytes } = await collectGarbage(client);
  const words = `Removed ${blobs} ${blobs === 1 ? 'blob' : 'blobs'}, reclaimed ${formatBytes(bytes)}\n`;
  host.stdout.write(formatDocument({ BlobsRemoved: blobs, BytesReclaimed: bytes }, wanted, words));
}
