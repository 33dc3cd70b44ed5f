/**
 * Push: upload a plugin to the registry that its local name points at.
 */
import {
  type Descriptor,
  familiarName,
  isOutboardError,
  OutboardError,
  parseManifest,
  parseReference,
  type Repository,
  shortDigest,
} from '@outboard/oci';
import { type BlobOrigin, readManifest, requireWhole } from '../../distribution/stored-blobs.ts';
import { ignoreProgress, type ReportProgress } from '../../observe/progress.ts';
import type { OperationCall } from '../face-rows.ts';
import type { RemoteOptions } from './remote-options.ts';

/** Request of a push. */
export interface PushRequest extends RemoteOptions {
  /** Name or ID. */
  readonly plugin: string;
  readonly onProgress?: ReportProgress | undefined;
}

type PushContext = Pick<OperationCall, 'store' | 'content' | 'registry' | 'meter'>;

/**
 * Push a plugin's blobs, then its manifest with the bytes that were made or pulled, so that its digest stays. An
 * interrupted push can be repeated: blobs that the registry has are not sent again.
 * @throws {OutboardError} not-found; the registry's errors
 */
export async function pushPlugin(context: PushContext, request: PushRequest): Promise<void> {
  const record = context.store.find(request.plugin);
  const onProgress = request.onProgress ?? ignoreProgress;
  const { access, signal } = request;
  const reference = parseReference(record.name);
  await using lease = context.content.lease();
  for (const digest of [record.manifestDigest, record.configDigest, ...record.blobDigests]) lease.add(digest);

  const { content, registry } = context;
  const origin: BlobOrigin = { content, registry, record, access, signal };
  const bytes = await readManifest(origin);
  const manifest = parseManifest(bytes, record.manifestMediaType);
  onProgress({ status: `The push refers to repository [${familiarName(reference)}]` });
  const repository = context.registry.repository(reference, 'pull,push', access);
  const blobs = [...manifest.layers, manifest.config];
  for (const blob of blobs) onProgress({ status: 'Preparing', id: shortDigest(blob.digest) });
  try {
    for (const blob of blobs) await pushBlob(context, repository, blob, { onProgress, origin, signal });
    const tag = reference.tag ?? 'latest';
    const digest = await repository.pushManifest(tag, { mediaType: manifest.mediaType, bytes }, { signal });
    onProgress({ status: '', result: { tag, digest, size: bytes.length } });
  } catch (cause) {
    if (!isOutboardError(cause)) throw cause;
    throw new OutboardError(cause.kind, `error pushing plugin: ${cause.message}`, { cause });
  }
}

async function pushBlob(
  context: Pick<PushContext, 'content' | 'meter'>,
  repository: Repository,
  blob: Descriptor,
  options: {
    readonly onProgress: ReportProgress;
    readonly origin: BlobOrigin;
    readonly signal: AbortSignal | undefined;
  },
): Promise<void> {
  const id = shortDigest(blob.digest);
  const { signal } = options;
  let sent = 0;
  const onProgress = (current: number): void => {
    // An upload that is retried starts at 0, and its bytes count again.
    context.meter.sent(current >= sent ? current - sent : current);
    sent = current;
    options.onProgress({ status: 'Uploading', id, current, total: blob.size });
  };
  const open = async () => {
    await requireWhole(options.origin, blob);
    return await context.content.open(blob.digest, { signal });
  };
  const outcome = await repository.pushBlob(blob, open, { signal, onProgress });
  options.onProgress({ status: outcome === 'exists' ? 'Already exists' : 'Upload complete', id });
}
