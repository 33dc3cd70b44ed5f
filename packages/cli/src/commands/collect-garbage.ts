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
  { format, all }: { readonly format: string; readonly all?: boolean | undefined },
): Promise<void> {
  const wanted = parseFormat(format);
  const { blobs, bytes, forgotten, downloads, kept } = await collectGarbage(client, all === true);
  const before = describeForgotten(forgotten) + describeDownloads(downloads);
  const removed = `${before}Removed ${countBlobs(blobs)}, reclaimed ${formatBytes(bytes)}\n`;
  const document = {
    BlobsRemoved: blobs,
    BytesReclaimed: bytes,
    ...(forgotten && { VersionsRemoved: { Versions: forgotten.versions, Bytes: forgotten.bytes } }),
    ...(downloads && { DownloadsRemoved: { Downloads: downloads.count, Bytes: downloads.bytes } }),
    ...(kept && { KeptForDamaged: { Blobs: kept.blobs, Bytes: kept.bytes } }),
  };
  host.stdout.write(formatDocument(document, wanted, removed + describeKept(kept)));
}

function describeForgotten(forgotten: Garbage['forgotten']): string {
  if (forgotten === undefined) return '';
  const { versions, bytes } = forgotten;
  return `Removed ${versions} earlier ${versions === 1 ? 'version' : 'versions'} of plugins, reclaimed ${formatBytes(bytes)}\n`;
}

function describeDownloads(downloads: Garbage['downloads']): string {
  if (downloads === undefined) return '';
  const { count, bytes } = downloads;
  return `Removed ${count} interrupted ${count === 1 ? 'download' : 'downloads'}, reclaimed ${formatBytes(bytes)}\n`;
}

function describeKept(kept: Garbage['kept']): string {
  if (kept === undefined) return '';
  const amount = `${countBlobs(kept.blobs)} (${formatBytes(kept.bytes)})`;
  return `Kept ${amount} that damaged plugins may need: see outboard ls, then repair or remove them\n`;
}

function countBlobs(count: number): string {
  return `${count} ${count === 1 ? 'blob' : 'blobs'}`;
}
