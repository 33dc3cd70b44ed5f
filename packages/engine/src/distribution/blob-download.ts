/**
 * The contract between a download of a blob and the operations that wait for it.
 */
import type { BlobFetcher, Descriptor } from '@outboard/oci';

/** A blob to fetch. */
export interface BlobRequest {
  readonly blob: Descriptor;
  readonly from: BlobFetcher;
  /** Canonical name of the repository. */
  readonly source: string;
  /** Called with the size of each chunk that is received from `from`. */
  readonly onReceived?: ((bytes: number) => void) | undefined;
}

/** A share in a download. Dispose to leave it; the last one to leave ends it, and awaits its end. */
export interface BlobDownload extends AsyncDisposable {
  /** Settles when the blob is stored, or cannot be; its error is that of the share's own registry, or of the store. */
  readonly stored: Promise<void>;
  /** True once the blob is stored. */
  readonly isStored: boolean;
  /**
   * True if a part is from an earlier connection, from another repository or from a mirror: the content may be another one's,
   * which only its end shows.
   */
  readonly isUnproven: boolean;
  /** Read the blob from its first byte, while it is received. It is verified when the stream has ended, not before. */
  read(signal?: AbortSignal | undefined): AsyncIterable<Buffer>;
  /** Be told how many bytes are there, until the share is disposed. */
  onProgress(listener: (bytes: number) => void): void;
}
