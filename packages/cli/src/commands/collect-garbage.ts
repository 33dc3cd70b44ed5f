/**
 * `outboard gc`
 */
import { collectGarbage } from '../client/plugin-api.ts';
import { formatBytes } from '../terminal/format-bytes.ts';
import type { CommandContext } from './command-context.ts';

/** Remove content that no plugin needs, and tell how much that was. */
export async function removeGarbage(
  { client, host }: CommandContext,
  { format }: { readonly format: string },
): Promise<void> {
  const { blobs, bytes } = await collectGarbage(client);
  host.stdout.write(
    format === 'json'
      ? `${JSON.stringify({ BlobsRemoved: blobs, BytesReclaimed: bytes })}\n`
      : `Removed ${blobs} ${blobs === 1 ? 'blob' : 'blobs'}, reclaimed ${formatBytes(bytes)}\n`,
  );
}
