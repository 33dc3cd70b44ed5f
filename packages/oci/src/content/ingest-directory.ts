/**
 * The directory of unfinished ingests. Ordinary ones leave nothing behind; those that may be continued leave a partial file,
 * which the next one of the same digest and source takes over, also after a restart.
 */
import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, digestAlgorithm } from '../digests/digest.ts';
import { makeDirectoryDurably } from '../files/durable-file.ts';
import { requireFreeSpace } from '../files/free-space.ts';
import { onStorage } from '../files/storage-error.ts';
import { ContentCheck } from './content-check.ts';
import type { ExpectedContent, Ingest, IngestOptions, RemovedIngests } from './content-store.ts';
import { FileIngest, type KeepPartial } from './file-ingest.ts';
import {
  type PartialFile,
  partialDigest,
  partialFile,
  readBootId,
  readPartial,
  removePartial,
  writeNote,
} from './partial-file.ts';

/** Rules for unfinished ingests. */
export interface IngestRules {
  /**
   * Bytes of the file system that ingests leave free; default 512 MiB, or 5 % of a small file system.
   * An ingest that would take them fails (system, code `no-space`).
   */
  readonly freeSpaceReserve?: number | undefined;
  /** Age after which an interrupted ingest is removed, in milliseconds since its last byte; default a day. */
  readonly maxIngestAgeMs?: number | undefined;
  /** Interrupted ingests of fewer bytes are not kept; default 1 MiB. */
  readonly minKeptBytes?: number | undefined;
}

const dayMs = 24 * 60 * 60 * 1000;
const defaultMinKeptBytes = 1024 * 1024;
const readBytes = 1024 * 1024;

/** Moves a verified and flushed file to its place in the store. */
export type Publish = (path: string, content: ExpectedContent) => Promise<void>;

/** The unfinished ingests of one store. */
export class IngestDirectory {
  readonly #path: string;
  readonly #rules: IngestRules;
  readonly #boot: string;
  /** Digests whose partial file an ingest has. */
  readonly #held = new Set<Digest>();

  private constructor(path: string, rules: IngestRules, boot: string) {
    this.#path = path;
    this.#rules = rules;
    this.#boot = boot;
  }

  /** Make the directory, and remove from it what cannot be continued. */
  static async create(path: string, rules: IngestRules): Promise<IngestDirectory> {
    const directory = new IngestDirectory(path, rules, await readBootId());
    await directory.make();
    await directory.#clear();
    return directory;
  }

  /** Make the directory again: a cleaner of temporary files may have removed it. */
  async make(): Promise<void> {
    await makeDirectoryDurably(this.#path, { mode: 0o700 });
  }

  /** A path for a temporary file. */
  temporaryPath(): string {
    return join(this.#path, randomBytes(16).toString('hex'));
  }

  /** Open an ingest; see `BlobWriter.ingest`. */
  async open(options: IngestOptions, publish: Publish): Promise<Ingest> {
    await this.make();
    const { resume } = options;
    if (resume === undefined || this.#held.has(resume)) return await this.#openNew(options, publish);
    this.#held.add(resume);
    try {
      return await this.#openPartial(resume, options, publish);
    } catch (error) {
      this.#held.delete(resume);
      throw error;
    }
  }

  /** See `BlobCollector.sweepIngests`. @param isStored true for content that the store has */
  async sweep(isStored: (digest: Digest) => Promise<boolean>, all: boolean): Promise<RemovedIngests> {
    let count = 0;
    let bytes = 0;
    for (const name of await onStorage('list ingests', this.#path, () => readdir(this.#path))) {
      const digest = partialDigest(name);
      if (digest === undefined || this.#held.has(digest)) continue;
      const file = partialFile(this.#path, digest);
      const { size, mtimeMs } = await onStorage('look up ingest', file.path, () => stat(file.path));
      const isStale = Date.now() - mtimeMs > (this.#rules.maxIngestAgeMs ?? dayMs);
      if (!(all || isStale || (await isStored(digest))) || this.#held.has(digest)) continue;
      this.#held.add(digest); // no ingest may take it over meanwhile
      try {
        await onStorage('remove ingest', file.path, () => removePartial(file));
      } finally {
        this.#held.delete(digest);
      }
      count += 1;
      bytes += size;
    }
    return { count, bytes };
  }

  async #clear(): Promise<void> {
    await onStorage('clear directory', this.#path, async () => {
      const names = new Set(await readdir(this.#path));
      for (const name of names) {
        const digest = partialDigest(name.replace(/\.json$/, ''));
        const isPartial = digest !== undefined && names.has(name.replace(/\.json$/, ''));
        if (!isPartial) await rm(join(this.#path, name), { recursive: true, force: true });
        else if (name.endsWith('.json')) continue;
        else if (!(await this.#canContinue(digest))) await removePartial(partialFile(this.#path, digest));
      }
    });
  }

  async #canContinue(digest: Digest): Promise<boolean> {
    const left = await readPartial(partialFile(this.#path, digest), this.#boot);
    return left !== undefined && left.bytes >= this.#minKeptBytes;
  }

  get #minKeptBytes(): number {
    return this.#rules.minKeptBytes ?? defaultMinKeptBytes;
  }

  async #openNew(options: IngestOptions, publish: Publish): Promise<Ingest> {
    if (options.expectedBytes !== undefined) await this.#requireSpace(options.expectedBytes);
    const path = this.temporaryPath();
    const file = await onStorage('create blob', path, () => open(path, 'wx+', 0o600));
    const check = new ContentCheck(algorithmOf(options));
    return new FileIngest({ path, file, check, publish, requireSpace: (bytes) => this.#requireSpace(bytes) });
  }

  async #openPartial(digest: Digest, options: IngestOptions, publish: Publish): Promise<Ingest> {
    const { expectedBytes = Number.POSITIVE_INFINITY } = options;
    const partial = partialFile(this.#path, digest);
    const { path } = partial;
    // A name of any length, of which the note needs to know only whether it is the same.
    const source = createHash('sha256')
      .update(options.source ?? '')
      .digest('hex');
    const left = await onStorage('look up ingest', path, () => readPartial(partial, this.#boot));
    const isUsable = left !== undefined && left.source === source && left.bytes <= expectedBytes;
    if (!isUsable) await onStorage('remove ingest', path, () => removePartial(partial));
    const bytes = isUsable ? left.bytes : 0;
    if (expectedBytes !== Number.POSITIVE_INFINITY) await this.#requireSpace(expectedBytes - bytes);
    await onStorage('create blob', path, () => this.#note(partial, source, bytes));
    const file = await onStorage('create blob', path, () => open(path, isUsable ? 'r+' : 'wx+', 0o600));
    const check = new ContentCheck(algorithmOf(options));
    try {
      await onStorage('read blob', path, () => takeOver(file, bytes, check));
    } catch (error) {
      await file.close();
      throw error;
    }
    return new FileIngest({
      path,
      file,
      check,
      publish,
      requireSpace: (more) => this.#requireSpace(more),
      partial: this.#keep(digest, partial, source),
    });
  }

  #keep(digest: Digest, partial: PartialFile, source: string): KeepPartial {
    return {
      isWorthKeeping: (bytes) => bytes >= this.#minKeptBytes,
      noteFlushed: (flushedBytes) => this.#note(partial, source, flushedBytes),
      release: async (isKept) => {
        if (!isKept) await rm(partial.notePath, { force: true });
        this.#held.delete(digest);
      },
    };
  }

  #note(partial: PartialFile, source: string, flushedBytes: number): Promise<void> {
    return writeNote(partial, { source, flushedBytes, boot: this.#boot });
  }

  #requireSpace(bytes: number): Promise<void> {
    return requireFreeSpace(this.#path, bytes, this.#rules.freeSpaceReserve);
  }
}

function algorithmOf({ algorithm, resume }: IngestOptions) {
  return algorithm ?? (resume === undefined ? 'sha256' : digestAlgorithm(resume));
}

/** Hash the bytes that count, in reads that leave the event loop to others, and cut the rest off. */
async function takeOver(file: FileHandle, bytes: number, check: ContentCheck): Promise<void> {
  await file.truncate(bytes);
  const buffer = Buffer.allocUnsafe(Math.min(bytes, readBytes));
  for (let at = 0; at < bytes; ) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) throw new Error('it was cut short');
    check.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}
