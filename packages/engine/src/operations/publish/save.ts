/**
 * Save: write installed plugins into an archive that `load`, `skopeo` and other readers of OCI image layouts take.
 */
import type { Cancellable } from '@outboard/async';
import {
  type ArchivedArtifact,
  OutboardError,
  type Reference,
  type RegistryAccess,
  writeLayoutArchive,
} from '@outboard/oci';
import { bestEffort } from '../best-effort.ts';
import { collectGarbage } from '../content/collect-garbage.ts';
import type { OperationCall } from '../face-rows.ts';
import { openSavedArtifact, type SavedParts } from './saved-artifact.ts';

/** Request of an archive. */
export interface SaveRequest extends Cancellable, SavedParts {
  /** Names or IDs; a plugin that is named twice is written once. */
  readonly plugins: readonly string[];
  /** Credentials by registry: the plugins may be from several. */
  readonly accessTo?: ((reference: Reference) => RegistryAccess | undefined) | undefined;
  /**
   * Receives the archive, and resolves when it was taken to its end. It is not called when a plugin is not there, or lacks
   * content that cannot be fetched.
   */
  readonly send: (archive: AsyncIterable<Buffer>) => Promise<void>;
}

type SaveContext = Pick<OperationCall, 'store' | 'content' | 'registry' | 'downloads' | 'logger' | 'meter'>;

/**
 * Write the manifests and blobs of plugins as they were installed, with their digests. The plugins may be enabled, and may
 * be upgraded or removed meanwhile: a lease keeps what is being written.
 * @throws {OutboardError} not-found; invalid for no plugin; the registry's errors when a blob cannot be fetched; the errors of
 *   `send`
 */
export async function savePlugins(context: SaveContext, request: SaveRequest): Promise<void> {
  try {
    await writeArchive(context, request);
  } finally {
    // Content that was fetched for the archive only.
    if (request.allPlatforms === true || request.referrers === true)
      await bestEffort(context, 'collect the content of an archive', () => collectGarbage(context));
  }
}

async function writeArchive(context: SaveContext, request: SaveRequest): Promise<void> {
  const { store, content, meter } = context;
  const { signal } = request;
  const records = [...new Set(request.plugins.map((plugin) => store.find(plugin)))];
  if (records.length === 0) throw new OutboardError('invalid', 'no plugin to save: name at least one');
  await using lease = content.lease();
  for (const { manifestDigest, configDigest, blobDigests } of records) {
    for (const digest of [manifestDigest, configDigest, ...blobDigests]) lease.add(digest);
  }
  const artifacts: ArchivedArtifact[] = [];
  for (const record of records) {
    const { accessTo } = request;
    artifacts.push(await openSavedArtifact({ ...context, record, accessTo, signal, lease }, request));
  }
  await request.send(counted(meter, writeLayoutArchive(artifacts, { signal })));
}

async function* counted(
  { sent }: Pick<OperationCall['meter'], 'sent'>,
  archive: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  for await (const chunk of archive) {
    sent(chunk.length);
    yield chunk;
  }
}
