/**
 * The blobs of a push: a few at once are read from the content store, which verifies them on the way, and uploaded. One that is
 * damaged or missing is fetched again.
 */
import { mapBounded, onAbort } from '@outboard/async';
import { type Descriptor, type Repository, shortDigest } from '@outboard/oci';
import { type BlobOrigin, requireWhole } from '../../distribution/stored-blobs.ts';
import type { TransferLimits } from '../../distribution/transfer-limits.ts';
import type { ReportProgress } from '../../observe/progress.ts';
import type { OperationCall } from '../face-rows.ts';

/** Where blobs come from and go to. */
export interface BlobPush {
  readonly context: Pick<OperationCall, 'content' | 'meter'> & {
    readonly limits: Pick<TransferLimits, 'maxConcurrentUploads'>;
  };
  readonly repository: Repository;
  readonly origin: BlobOrigin;
  /** Name of the repository that blobs are mounted from, for messages; undefined when none is asked for. */
  readonly mountFrom: string | undefined;
  readonly onProgress: ReportProgress;
  readonly signal: AbortSignal | undefined;
}

/**
 * Upload blobs, up to `maxConcurrentUploads` at once; those that the repository has are not sent. The first failure ends the
 * other uploads.
 * @throws the registry's errors; those of `requireWhole` for a blob that cannot be fetched again
 */
export async function pushBlobs(push: BlobPush, blobs: readonly Descriptor[]): Promise<void> {
  const { context, signal, onProgress } = push;
  const distinct = [...new Map(blobs.map((blob) => [blob.digest, blob])).values()];
  for (const { digest } of distinct) onProgress({ status: 'Preparing', id: shortDigest(digest) });
  signal?.throwIfAborted();
  const scope = new AbortController();
  const stopListening = onAbort(signal, (reason) => scope.abort(reason));
  const upload = async (blob: Descriptor) => {
    try {
      await pushBlob({ ...push, signal: scope.signal }, blob);
    } catch (error) {
      scope.abort(error);
      throw error;
    }
  };
  try {
    await mapBounded(distinct, upload, context.limits.maxConcurrentUploads);
  } finally {
    stopListening();
  }
}

async function pushBlob(push: BlobPush, blob: Descriptor): Promise<void> {
  const { context, origin, mountFrom } = push;
  const id = shortDigest(blob.digest);
  const isLost = async () => !(await context.content.stat(blob.digest)).exists;
  const send = () => sendBlob(push, blob, isLost);
  const outcome = await send().catch(async (error: unknown) => {
    // The content store sets a blob aside whose damage shows while it is read. Its last bytes were not sent.
    if (push.signal?.aborted || !(await isLost())) throw error;
    await requireWhole({ ...origin, signal: push.signal }, blob);
    return await send();
  });
  const statuses = {
    exists: 'Already exists',
    mounted: `Mounted from ${mountFrom}`,
    uploaded: 'Upload complete',
  };
  push.onProgress({ status: statuses[outcome], id });
}

async function sendBlob(push: BlobPush, blob: Descriptor, isLost: () => Promise<boolean>) {
  const { context, repository, origin, signal } = push;
  const id = shortDigest(blob.digest);
  let sent = 0;
  const onProgress = (current: number): void => {
    // An upload that is retried starts at 0, and its bytes count again.
    context.meter.sent(current >= sent ? current - sent : current);
    sent = current;
    push.onProgress({ status: 'Uploading', id, current, total: blob.size });
  };
  const open = async () => {
    if (await isLost()) await requireWhole({ ...origin, signal }, blob);
    return await context.content.open(blob.digest, { signal, reuseMemory: true });
  };
  return await repository.pushBlob(blob, open, { signal, onProgress });
}
