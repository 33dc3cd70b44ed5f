/**
 * The blobs of a push: each is verified in the content store, fetched again where it is damaged, and uploaded.
 */
import { type Descriptor, type Repository, shortDigest } from '@outboard/oci';
import { type BlobOrigin, requireWhole } from '../../distribution/stored-blobs.ts';
import type { ReportProgress } from '../../observe/progress.ts';
import type { OperationCall } from '../face-rows.ts';

/** Where blobs come from and go to. */
export interface BlobPush {
  readonly context: Pick<OperationCall, 'content' | 'meter'>;
  readonly repository: Repository;
  readonly origin: BlobOrigin;
  readonly onProgress: ReportProgress;
  readonly signal: AbortSignal | undefined;
}

/** Upload blobs, one after the other; those that the repository has are not sent. @throws the registry's errors */
export async function pushBlobs(push: BlobPush, blobs: readonly Descriptor[]): Promise<void> {
  for (const { digest } of blobs) push.onProgress({ status: 'Preparing', id: shortDigest(digest) });
  for (const blob of blobs) await pushBlob(push, blob);
}

async function pushBlob(push: BlobPush, blob: Descriptor): Promise<void> {
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
    await requireWhole(origin, blob);
    return await context.content.open(blob.digest, { signal });
  };
  const outcome = await repository.pushBlob(blob, open, { signal, onProgress });
  push.onProgress({ status: outcome === 'exists' ? 'Already exists' : 'Upload complete', id });
}
