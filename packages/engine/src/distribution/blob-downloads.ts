/**
 * Downloads of blobs into the content store, which operations share: two pulls of one blob fetch it once, also from different
 * repositories.
 */
import { type Clock, systemClock } from '@outboard/async';
import type { ContentStore } from '@outboard/oci';
import type { BlobDownload, BlobRequest } from './blob-download.ts';
import { SharedDownload } from './shared-download.ts';

/**
 * The downloads of one engine. An operation names a digest because it has read a manifest with it, from a registry that let it:
 * this is the bar for getting the blob. A blob that another repository sends meanwhile is no more than what the store, which
 * all plugins share, gives to the operation a moment later; the bytes go into the tree of a plugin on this host, and each
 * registry sees only the requests and credentials of the operations that named it.
 */
export interface BlobDownloads {
  /**
   * Take a share in the download of a blob that the store lacks; it begins unless it is under way. Its errors are those of
   * `openBlob` and of the store; code `content-changed` when the content was wrong and may be right in a new download.
   */
  join(request: BlobRequest): BlobDownload;
}

/** Options of downloads. */
export interface BlobDownloadsOptions {
  readonly clock?: Pick<Clock, 'schedule'> | undefined;
}

/** Blobs for which repositories sent different content, that are remembered. */
const maxDisputed = 1000;

/** No download is under way at first. */
export function createBlobDownloads(
  content: ContentStore,
  { clock = systemClock }: BlobDownloadsOptions = {},
): BlobDownloads {
  const underWay = new Map<string, SharedDownload>();
  const disputed = new Set<string>();
  return {
    join(request) {
      const { blob, source } = request;
      // The size too: a manifest that tells a wrong one must not end the download of another manifest.
      const blobKey = `${blob.digest} ${blob.size}`;
      // A repository that sent wrong content must not spoil the next download of the others.
      const key = disputed.has(blobKey) ? `${blobKey} ${source}` : blobKey;
      const known = underWay.get(key);
      if (known !== undefined) return known.join(request);
      const download: SharedDownload = new SharedDownload(blob, {
        content,
        clock,
        onEnd: () => {
          if (underWay.get(key) === download) underWay.delete(key);
        },
        onDispute: () => {
          disputed.add(blobKey);
          for (const oldest of [...disputed].slice(0, -maxDisputed)) disputed.delete(oldest);
        },
      });
      underWay.set(key, download);
      return download.join(request);
    },
  };
}
