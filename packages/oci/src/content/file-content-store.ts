/**
 * A content store in a directory: `blobs/<algorithm>/<hex>`, the layout that Docker and the OCI image layout share. A
 * blob is written to a temporary file, verified, flushed and renamed, so it is complete or absent.
 */

import { renameSync } from 'node:fs';
import { type FileHandle, open, opendir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Cancellable } from '@outboard/async';
import {
  type Digest,
  type DigestAlgorithm,
  digestAlgorithm,
  digestHex,
  parseDigest,
} from '../digests/digest.ts';
import { isOutboardError, OutboardError } from '../errors/outboard-error.ts';
import { changeDirectory, makeDirectoryDurably } from '../files/durable-file.ts';
import { onStorage, storageError, systemErrorCode } from '../files/storage-error.ts';
import type {
  BlobStatus,
  ContentStore,
  ExpectedContent,
  Ingest,
  IngestOptions,
  InspectedBlob,
  Lease,
  OpenContentOptions,
  RemovedIngests,
} from './content-store.ts';
import { IngestDirectory, type IngestRules } from './ingest-directory.ts';
import { Leases } from './leases.ts';
import { createQuarantine, type Quarantine } from './quarantine.ts';
import { findDamage, openVerified } from './verified-file.ts';

/**
 * Directories of a file store. Both are created (0700) when missing and must be on one file system. Quarantined blobs
 * are in `damaged/` below the root.
 */
export interface FileContentStoreOptions extends IngestRules {
  /** Holds `blobs/`. */
  readonly root: string;
  /**
   * Holds unfinished ingests and nothing else: when the store opens, what cannot be continued is removed from it. Default
   * `ingest/` below the root.
   */
  readonly ingestDirectory?: string | undefined;
  /** Called for each blob that was found damaged; default: nothing is reported. */
  readonly onDamaged?: ((blob: DamagedBlob) => void) | undefined;
}

/** A blob whose content no longer had its digest. */
export interface DamagedBlob {
  readonly digest: Digest;
  /** Path of the blob in the store. */
  readonly path: string;
  /** Description of the damage, for messages. */
  readonly damage: string;
  /** Path in the quarantine; undefined when the blob was not kept. */
  readonly setAside: string | undefined;
}

const algorithms: readonly DigestAlgorithm[] = ['sha256', 'sha512'];

/**
 * Open a store, and remove what an interrupted process left in its ingest directory.
 * One process at a time may have a store open, because leases are kept in memory.
 * @throws {OutboardError} system
 */
export async function openFileContentStore({
  ingestDirectory,
  ...rest
}: FileContentStoreOptions): Promise<ContentStore> {
  for (const algorithm of algorithms) {
    await makeDirectoryDurably(join(rest.root, 'blobs', algorithm), { mode: 0o700 });
  }
  const ingests = await IngestDirectory.create(ingestDirectory ?? join(rest.root, 'ingest'), rest);
  return new FileContentStore(rest, ingests);
}

class FileContentStore implements ContentStore {
  readonly #root: string;
  readonly #ingests: IngestDirectory;
  readonly #leases = new Leases();
  readonly #quarantine: Quarantine;
  readonly #onDamaged: (blob: DamagedBlob) => void;

  constructor(options: FileContentStoreOptions, ingests: IngestDirectory) {
    this.#quarantine = createQuarantine(join(options.root, 'damaged'));
    this.#onDamaged = options.onDamaged ?? (() => undefined);
    this.#root = options.root;
    this.#ingests = ingests;
  }

  async stat(digest: Digest): Promise<BlobStatus> {
    const path = this.#path(digest);
    try {
      return { exists: true, size: (await stat(path)).size };
    } catch (cause) {
      if (systemErrorCode(cause) === 'ENOENT') return { exists: false };
      throw storageError('look up blob', path, cause);
    }
  }

  async open(digest: Digest, options: OpenContentOptions = {}): Promise<Readable> {
    options.signal?.throwIfAborted();
    const file = await this.#openFile(digest);
    return openVerified(file, digest, {
      ...options,
      explain: (damage) => this.#quarantineBlob(digest, file, damage),
    });
  }

  async verify(digest: Digest, options: Cancellable = {}): Promise<BlobStatus> {
    return await this.#examine(digest, options, async (file, size, damage) => {
      if (damage === undefined) return { exists: true, size };
      await this.#quarantineBlob(digest, file, damage);
      return { exists: false };
    });
  }

  async inspect(digest: Digest, options: Cancellable = {}): Promise<InspectedBlob> {
    return await this.#examine<InspectedBlob>(digest, options, async (_file, size, damage) =>
      damage === undefined ? { exists: true, size } : { exists: true, size, damage },
    );
  }

  /** Read a blob to its end, and pass on what is wrong with it. */
  async #examine<Status>(
    digest: Digest,
    { signal }: Cancellable,
    judge: (file: FileHandle, size: number, damage: string | undefined) => Promise<Status>,
  ): Promise<Status | { readonly exists: false }> {
    signal?.throwIfAborted();
    const path = this.#path(digest);
    const opened = await this.#openFile(digest).catch((error: unknown) => {
      if (isOutboardError(error, 'not-found')) return undefined;
      throw error;
    });
    if (opened === undefined) return { exists: false };
    await using file = opened;
    const { size } = await onStorage('look up blob', path, () => file.stat());
    return await judge(file, size, await findDamage(file, digest, signal));
  }

  async read(digest: Digest, options: { readonly maxBytes: number }): Promise<Buffer> {
    await using file = await this.#openFile(digest);
    const { size } = await file.stat();
    if (size > options.maxBytes) {
      throw new OutboardError(
        'invalid',
        `blob ${digest} has ${size} bytes, at most ${options.maxBytes} are accepted`,
      );
    }
    const chunks: Buffer[] = [];
    const stream: AsyncIterable<Buffer> = openVerified(file, digest, {
      explain: (damage) => this.#quarantineBlob(digest, file, damage),
    });
    for await (const chunk of stream) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async ingest(options: IngestOptions = {}): Promise<Ingest> {
    return await this.#ingests.open(options, (path, content) => this.#publish(path, content));
  }

  async write(bytes: Uint8Array): Promise<ExpectedContent> {
    await using ingest = await this.ingest();
    await ingest.append(bytes);
    return await ingest.commit();
  }

  async *walk(): AsyncGenerator<ExpectedContent> {
    for await (const digest of this.#digests()) {
      const status = await this.stat(digest);
      if (status.exists) yield { digest, size: status.size };
    }
  }

  async sweep(
    isReferenced: (digest: Digest) => boolean,
    among?: Iterable<Digest>,
  ): Promise<readonly ExpectedContent[]> {
    const removed: ExpectedContent[] = [];
    await this.#ingests.make();
    for await (const digest of among ?? this.#digests()) {
      const removedPath = this.#unlinkUnreferenced(digest, isReferenced);
      if (removedPath === undefined) continue;
      const { size } = await onStorage('look up blob', removedPath, () => stat(removedPath));
      await onStorage('remove blob', removedPath, () => rm(removedPath, { force: true }));
      removed.push({ digest, size });
    }
    return removed;
  }

  async sweepIngests(options: { readonly all?: boolean | undefined } = {}): Promise<RemovedIngests> {
    await this.#ingests.make();
    const isStored = async (digest: Digest) => (await this.stat(digest)).exists;
    return await this.#ingests.sweep(isStored, options.all ?? false);
  }

  /** Digests from the names of the files; a file may have been removed when its digest is used. */
  async *#digests(): AsyncGenerator<Digest> {
    for (const algorithm of algorithms) {
      const directory = join(this.#root, 'blobs', algorithm);
      for await (const { name } of await onStorage('list blobs', directory, () => opendir(directory))) {
        const digest = blobDigest(algorithm, name);
        if (digest !== undefined) yield digest;
      }
    }
  }

  lease(): Lease {
    return this.#leases.acquire();
  }

  /**
   * Remove an unreferenced blob from the store by a rename. Check and rename happen in one turn of the event loop: a
   * lease taken before keeps the blob, a lease taken later finds it absent.
   * @returns the temporary path of the file; undefined when the blob stays
   */
  #unlinkUnreferenced(digest: Digest, isReferenced: (digest: Digest) => boolean): string | undefined {
    if (this.#leases.protects(digest) || isReferenced(digest)) return undefined;
    const path = this.#path(digest);
    const removedPath = this.#ingests.temporaryPath();
    try {
      renameSync(path, removedPath);
    } catch (cause) {
      if (systemErrorCode(cause) === 'ENOENT') return undefined; // another sweep removed it
      throw storageError('remove blob', path, cause);
    }
    return removedPath;
  }

  async #publish(temporary: string, { digest }: ExpectedContent): Promise<void> {
    await using lease = this.#leases.acquire();
    lease.add(digest); // a sweep must not remove an existing blob while this commit relies on it
    const path = this.#path(digest);
    // Verifying quarantines a damaged blob, so that this one replaces it.
    const { exists } = await this.verify(digest);
    // The directory is flushed for an existing blob too: its writer may not have flushed it yet.
    await onStorage('commit blob', path, () =>
      changeDirectory(dirname(path), () =>
        exists ? rm(temporary, { force: true }) : rename(temporary, path),
      ),
    );
  }

  /** Quarantine a damaged blob. @returns the error to throw for it */
  async #quarantineBlob(digest: Digest, file: FileHandle, damage: string): Promise<OutboardError> {
    const path = this.#path(digest);
    const { ino } = await onStorage('look up blob', path, () => file.stat());
    const setAside = await this.#quarantine.take(path, ino);
    this.#onDamaged({ digest, path, damage, setAside });
    const now = setAside === undefined ? 'it was removed' : `it was set aside as ${JSON.stringify(setAside)}`;
    return new OutboardError(
      'system',
      `blob ${digest} is damaged in the content store at ${JSON.stringify(path)}: ${damage}; ${now}`,
      { code: 'damaged-blob', details: { digest, path, setAside } },
    );
  }

  async #openFile(digest: Digest): Promise<FileHandle> {
    const path = this.#path(digest);
    try {
      return await open(path, 'r');
    } catch (cause) {
      if (systemErrorCode(cause) !== 'ENOENT') throw storageError('open blob', path, cause);
      throw new OutboardError('not-found', `blob ${digest} is not in the content store`, { cause });
    }
  }

  #path(digest: Digest): string {
    return join(this.#root, 'blobs', digestAlgorithm(digest), digestHex(digest));
  }
}

/** The digest that a file name encodes; undefined for a file that is not a blob. */
function blobDigest(algorithm: DigestAlgorithm, name: string): Digest | undefined {
  const length = algorithm === 'sha256' ? 64 : 128;
  return name.length === length && /^[0-9a-f]+$/.test(name) ? parseDigest(`${algorithm}:${name}`) : undefined;
}
