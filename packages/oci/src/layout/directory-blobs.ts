/**
 * The blobs of a layout directory: verified whenever they are read, and complete or absent.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Cancellable } from '@outboard/async';
import { ContentCheck } from '../content/content-check.ts';
import type { BlobStatus } from '../content/content-store.ts';
import { openVerified } from '../content/verified-file.ts';
import { type Digest, digestAlgorithm } from '../digests/digest.ts';
import { isOutboardError, OutboardError } from '../errors/outboard-error.ts';
import { changeDirectory, makeDirectoryDurably } from '../files/durable-file.ts';
import { onStorage, storageError, systemErrorCode } from '../files/storage-error.ts';
import type { Descriptor } from '../manifests/descriptor.ts';
import type { ReportBytes } from '../registry/registry-client.ts';
import type { LayoutBlobs } from './layout-reader.ts';
import { blobPath } from './write-layout-archive.ts';

/** Reads and writes the blobs below one directory. */
export class DirectoryBlobs implements LayoutBlobs {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async stat(digest: Digest): Promise<BlobStatus> {
    const path = this.#path(digest);
    try {
      const found = await stat(path);
      return found.isFile() ? { exists: true, size: found.size } : { exists: false };
    } catch (cause) {
      if (systemErrorCode(cause) === 'ENOENT') return { exists: false };
      throw storageError('look up blob', path, cause);
    }
  }

  async open(digest: Digest, options: Cancellable = {}): Promise<Readable> {
    options.signal?.throwIfAborted();
    return openVerified(await this.#open(digest), digest, {
      ...options,
      explain: async (damage) => this.#damaged(digest, damage),
    });
  }

  async read(digest: Digest, options: { readonly maxBytes: number }): Promise<Buffer> {
    const bytes = await readBounded(await this.#open(digest), this.#path(digest), options.maxBytes);
    const check = new ContentCheck(digestAlgorithm(digest));
    check.update(bytes);
    try {
      check.verify({ digest, size: bytes.length });
    } catch (cause) {
      if (isOutboardError(cause, 'invalid')) throw this.#damaged(digest, cause.message);
      throw cause;
    }
    return bytes;
  }

  /**
   * Write a blob, flushed and then renamed into place.
   * @throws {OutboardError} invalid when the content differs from its descriptor; nothing is stored then
   */
  async write(
    { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
    source: AsyncIterable<Uint8Array>,
    options: Cancellable & { readonly onProgress?: ReportBytes | undefined } = {},
  ): Promise<void> {
    const path = this.#path(digest);
    const directory = dirname(path);
    await makeDirectoryDurably(directory, { mode: 0o777 });
    const temporary = join(directory, `.${randomBytes(16).toString('hex')}.unfinished`);
    try {
      const check = new ContentCheck(digestAlgorithm(digest));
      await writeChecked(temporary, source, { check, size, ...options });
      check.verify({ digest, size });
      await onStorage('commit blob', path, () => changeDirectory(directory, () => rename(temporary, path)));
    } catch (cause) {
      // Reported is what went wrong first.
      await rm(temporary, { force: true }).catch(() => undefined);
      throw isOutboardError(cause) || options.signal?.aborted === true
        ? cause
        : storageError('write blob', path, cause);
    }
  }

  #damaged(digest: Digest, damage: string): OutboardError {
    const path = this.#path(digest);
    return new OutboardError('invalid', `blob ${digest} at ${JSON.stringify(path)} is damaged: ${damage}`);
  }

  async #open(digest: Digest): Promise<FileHandle> {
    const file = await openFile(this.#path(digest));
    if (file !== undefined) return file;
    throw new OutboardError('not-found', `blob ${digest} is missing in ${JSON.stringify(this.#root)}`);
  }

  #path(digest: Digest): string {
    return join(this.#root, blobPath(digest));
  }
}

/**
 * Read a small file.
 * @returns undefined when there is none
 * @throws {OutboardError} invalid when it is larger, or no file; system
 */
export async function readSmallFile(path: string, maxBytes: number): Promise<Buffer | undefined> {
  const file = await openFile(path);
  return file === undefined ? undefined : await readBounded(file, path, maxBytes);
}

/** Open a regular file; nothing that blocks, such as a pipe. @returns undefined when there is none */
async function openFile(path: string): Promise<FileHandle | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if ((await file.stat()).isFile()) return file;
  } catch (cause) {
    await file?.close();
    if (systemErrorCode(cause) === 'ENOENT') return undefined;
    throw storageError('open file', path, cause);
  }
  await file.close();
  throw new OutboardError('invalid', `${JSON.stringify(path)} is not a regular file`);
}

/** Read a file that may grow meanwhile, and close it. */
async function readBounded(file: FileHandle, path: string, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // The stream closes the file.
  for await (const chunk of file.createReadStream() as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new OutboardError('invalid', `${JSON.stringify(path)} has more than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function writeChecked(
  path: string,
  source: AsyncIterable<Uint8Array>,
  options: Cancellable & {
    readonly check: ContentCheck;
    readonly size: number;
    readonly onProgress?: ReportBytes | undefined;
  },
): Promise<void> {
  const { check, size, signal, onProgress } = options;
  await using file = await open(path, 'wx', 0o666);
  for await (const chunk of source) {
    signal?.throwIfAborted();
    check.update(chunk);
    // The rest is not written; the comparison that follows refuses the content.
    if (check.size > size) return;
    await file.writeFile(chunk);
    onProgress?.(check.size);
  }
  await file.sync();
}
