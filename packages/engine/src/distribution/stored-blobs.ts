/**
 * The stored blobs of an installed plugin. A damaged or missing blob is fetched again from the plugin's registry.
 */
import { type Cancellable, rejectOnAbort } from '@outboard/async';
import {
  type ContentStore,
  canonicalName,
  type Descriptor,
  type Digest,
  isOutboardError,
  maxManifestBytes,
  OutboardError,
  parseReference,
  type Reference,
  type RegistryAccess,
  type RegistryClient,
  type Repository,
} from '@outboard/oci';
import type { PluginRecord } from '../config/plugin-config.ts';
import type { BlobDownloads } from './blob-downloads.ts';
import { retryChangedContent } from './retry-changed-content.ts';

/** An installed plugin and the registry of its blobs. */
export interface BlobOrigin {
  readonly content: ContentStore;
  readonly downloads: BlobDownloads;
  readonly registry: RegistryClient;
  readonly record: Pick<PluginRecord, 'name' | 'pluginReference' | 'manifestDigest'>;
  /** Credentials for the registry in the plugin's name only. */
  readonly access?: RegistryAccess | undefined;
  /** Credentials by registry, in place of `access`. */
  readonly accessTo?: ((reference: Reference) => RegistryAccess | undefined) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The reference that a plugin came from. One that was made here may have been pushed under its own name. */
export function originOf({ pluginReference, name }: BlobOrigin['record']): string {
  return pluginReference ?? name;
}

/** Open the repository that a plugin came from. @throws {OutboardError} invalid for a malformed reference */
export function openOrigin({
  registry,
  record,
  access,
  accessTo,
}: Pick<BlobOrigin, 'registry' | 'record' | 'access' | 'accessTo'>): Repository {
  const from = parseReference(originOf(record));
  if (accessTo !== undefined) return registry.repository(from, 'pull', accessTo(from));
  // Credentials must not be sent to another registry.
  const isSameRegistry = from.domain === parseReference(record.name).domain;
  return registry.repository(from, 'pull', isSameRegistry ? access : undefined);
}

/**
 * Read the manifest of a plugin.
 * @throws {OutboardError} the registry's error, naming the blob, when a damaged one cannot be fetched again
 */
export async function readManifest(origin: BlobOrigin): Promise<Buffer> {
  const { content, record } = origin;
  try {
    return await content.read(record.manifestDigest, { maxBytes: maxManifestBytes });
  } catch (damage) {
    if (!isLost(damage)) throw damage;
    return await fetchAgain(origin, record.manifestDigest, damage, async (repository, cancellable) => {
      const { bytes } = await repository.resolve(record.manifestDigest, cancellable);
      await content.write(bytes);
      return bytes;
    });
  }
}

/**
 * Ensure that a blob is in the content store, undamaged. It is fetched as an installation fetches its layers: a download that
 * was interrupted goes on, and one that is under way is awaited.
 * @throws {OutboardError} the registry's error, naming the blob, when a damaged one cannot be fetched again
 */
export async function requireWhole(origin: BlobOrigin, blob: Descriptor): Promise<void> {
  const { content, downloads, signal } = origin;
  const stored = await content.verify(blob.digest, { signal });
  if (stored.exists) return;
  await fetchAgain(origin, blob.digest, undefined, (repository) =>
    retryChangedContent(async () => {
      const source = canonicalName(repository.reference);
      await using download = downloads.join({ blob, from: repository, source });
      await rejectOnAbort(download.stored, signal);
    }),
  );
}

function isLost(error: unknown): boolean {
  return isOutboardError(error) && (error.code === 'damaged-blob' || error.kind === 'not-found');
}

async function fetchAgain<Result>(
  origin: BlobOrigin,
  digest: Digest,
  damage: unknown,
  fetch: (repository: Repository, cancellable: Cancellable) => Promise<Result>,
): Promise<Result> {
  const { record, signal } = origin;
  try {
    const repository = openOrigin(origin);
    return await fetch(repository, { signal });
  } catch (cause) {
    if (!isOutboardError(cause)) throw cause;
    const lost =
      damage instanceof Error ? damage.message : `blob ${digest} is damaged or missing in the content store`;
    throw new OutboardError(
      cause.kind,
      `${lost}; it cannot be fetched again from ${originOf(record)}: ${cause.message}`,
      { cause, code: 'damaged-blob' },
    );
  }
}
