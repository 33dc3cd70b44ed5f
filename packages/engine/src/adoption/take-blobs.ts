/**
 * Takes the blobs of a plugin from Docker's store. Each is verified by its digest on the way.
 */
import { join } from 'node:path';
import type { Cancellable } from '@outboard/async';
import {
  type ContentStore,
  type Digest,
  digestAlgorithm,
  digestHex,
  isOutboardError,
  type Lease,
  onStorage,
} from '@outboard/oci';
import type { PluginRecord } from '../config/plugin-config.ts';
import { entryKind, openPlainFile } from './plain-files.ts';

const readBytes = 256 * 1024;

/** Destination of the blobs. */
export interface BlobDestination extends Cancellable {
  readonly content: ContentStore;
  /** Receives the digests of all blobs, also of those that are not there. */
  readonly lease: Lease;
}

/** Blobs of one plugin that could not be taken. */
export interface LostBlobs {
  /** Docker deletes the layers of plugins that it pulled. */
  readonly missing: readonly Digest[];
  /** The reason for each, by digest. */
  readonly damaged: ReadonlyMap<Digest, string>;
}

/**
 * Copy manifest, config and layers of a plugin into the content store.
 * @param pluginsDirectory Docker's, without links
 * @returns those that are missing or damaged, which no other plugin loses by
 * @throws {OutboardError} system when the store cannot be written; the signal's reason
 */
export async function takeBlobs(
  pluginsDirectory: string,
  record: Pick<PluginRecord, 'manifestDigest' | 'configDigest' | 'blobDigests'>,
  to: BlobDestination,
): Promise<LostBlobs> {
  const missing: Digest[] = [];
  const damaged = new Map<Digest, string>();
  for (const digest of new Set([record.manifestDigest, record.configDigest, ...record.blobDigests])) {
    to.lease.add(digest);
    try {
      if (!(await takeBlob(pluginsDirectory, digest, to))) missing.push(digest);
    } catch (error) {
      // Also a pipe or a link in its place.
      if (!isOutboardError(error, 'invalid')) throw error;
      damaged.set(digest, error.message);
    }
  }
  return { missing, damaged };
}

/** @returns false when Docker has no such blob */
async function takeBlob(
  pluginsDirectory: string,
  digest: Digest,
  { content, signal }: BlobDestination,
): Promise<boolean> {
  if ((await content.verify(digest, { signal })).exists) return true;
  const path = await findBlob(pluginsDirectory, digest);
  const file = path && (await openPlainFile(path));
  if (!path || !file) return false;
  await using source = file;
  const { size } = await source.stat();
  await using ingest = await content.ingest({ algorithm: digestAlgorithm(digest), expectedBytes: size });
  for (let rest = size; rest > 0; ) {
    signal?.throwIfAborted();
    const room = Buffer.allocUnsafeSlow(Math.min(rest, readBytes));
    const { bytesRead } = await onStorage('read blob', path, () => source.read(room, 0, room.length, null));
    if (bytesRead === 0) break;
    await ingest.append(room.subarray(0, bytesRead));
    rest -= bytesRead;
  }
  await ingest.commit({ digest, size });
  return true;
}

/** @returns undefined unless each directory on the way is one, and no link */
async function findBlob(pluginsDirectory: string, digest: Digest): Promise<string | undefined> {
  let directory = pluginsDirectory;
  for (const name of ['storage', 'blobs', digestAlgorithm(digest)]) {
    directory = join(directory, name);
    if ((await entryKind(directory)) !== 'directory') return undefined;
  }
  return join(directory, digestHex(digest));
}
