/**
 * Archives of plugins that clients have sent: their blobs are in the content store, nothing of them is installed. An archive
 * lives until it is dropped, an hour without use, or the end of the engine.
 */
import { randomBytes } from 'node:crypto';
import { type Cancellable, type Clock, systemClock } from '@outboard/async';
import {
  type ContentStore,
  createLayoutReader,
  type LayoutContent,
  type Lease,
  OutboardError,
  type Reference,
  type RepositoryReader,
  readLayoutArchive,
} from '@outboard/oci';
import type { Logger } from 'pino';
import { type ArchivedPlugin, describeArchive } from './describe-archive.ts';

/** Time without use after which an archive is dropped. */
const idleMs = 60 * 60 * 1000;
/** Upper bound of archives at once: a client that never drops its archives must not fill the memory. */
const maxArchives = 64;

/** One archive, for clients. */
export interface StagedArchive {
  /** 32 lower-case hex digits. */
  readonly id: string;
  /** The artifacts in it, in the order of its `index.json`. */
  readonly plugins: readonly ArchivedPlugin[];
}

/** The archives of one engine. */
export interface StagedArchives extends AsyncDisposable {
  /**
   * Read an archive into the content store.
   * @param source a tar of an OCI image layout, plain, gzip or zstd
   * @throws {OutboardError} invalid when it is damaged, truncated, incomplete or no layout; conflict for more than 64
   *   archives. What was stored is garbage then.
   */
  stage(source: AsyncIterable<Uint8Array>, options?: Cancellable): Promise<StagedArchive>;
  /** Forget an archive; what no plugin uses of it is garbage. @throws {OutboardError} not-found, code `no-archive` */
  drop(id: string): Promise<void>;
  /** All archives, oldest first. */
  list(): readonly StagedArchive[];
  /** Read an artifact of an archive, in place of its registry. @throws {OutboardError} not-found, code `no-archive` */
  reader(id: string, reference: Reference): RepositoryReader;
}

/** Parts that archives take. */
export interface StagedArchivesDeps {
  readonly content: ContentStore;
  /** Deletes content that nothing uses, after an archive was dropped. */
  readonly collect: () => Promise<unknown>;
  readonly logger: Logger;
  readonly clock?: Pick<Clock, 'schedule'> | undefined;
}

/** Start without archives. */
export function createStagedArchives(deps: StagedArchivesDeps): StagedArchives {
  return new Archives(deps);
}

interface Archive extends StagedArchive {
  readonly content: LayoutContent;
  readonly lease: Lease;
  cancelTimer: () => void;
}

class Archives implements StagedArchives {
  readonly #deps: StagedArchivesDeps;
  readonly #clock: Pick<Clock, 'schedule'>;
  readonly #archives = new Map<string, Archive>();
  #staging = 0;

  constructor(deps: StagedArchivesDeps) {
    this.#deps = deps;
    this.#clock = deps.clock ?? systemClock;
  }

  async stage(source: AsyncIterable<Uint8Array>, options: Cancellable = {}): Promise<StagedArchive> {
    if (this.#archives.size + this.#staging >= maxArchives) {
      throw new OutboardError(
        'conflict',
        `${maxArchives} archives are staged already: install or drop one of them first`,
      );
    }
    this.#staging++;
    const { content } = this.#deps;
    const lease = content.lease();
    try {
      await using all = content.lease();
      const entries = await readLayoutArchive(source, { content, lease: all }, options);
      const layout = { entries, blobs: content };
      const plugins = await describeArchive(layout, lease, options);
      options.signal?.throwIfAborted();
      return this.#add({ plugins, content: layout, lease });
    } catch (error) {
      await lease[Symbol.asyncDispose]();
      throw error;
    } finally {
      this.#staging--;
    }
  }

  async drop(id: string): Promise<void> {
    await this.#release(this.#find(id));
    await this.#deps.collect();
  }

  list(): readonly StagedArchive[] {
    return [...this.#archives.values()].map(({ id, plugins }) => ({ id, plugins }));
  }

  reader(id: string, reference: Reference): RepositoryReader {
    const { content } = this.#find(id);
    this.#use(id);
    const reader = createLayoutReader(content, reference);
    const used =
      <Words extends readonly unknown[], Result>(call: (...words: Words) => Result) =>
      (...words: Words): Result => {
        this.#use(id);
        return call(...words);
      };
    return {
      resolve: used(reader.resolve),
      openBlob: used(reader.openBlob),
      readBlob: used(reader.readBlob),
      referrers: used(reader.referrers),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const archives = [...this.#archives.values()];
    for (const archive of archives) await this.#release(archive);
    if (archives.length > 0) await this.#deps.collect();
  }

  #add(parts: Pick<Archive, 'plugins' | 'content' | 'lease'>): StagedArchive {
    const id = randomBytes(16).toString('hex');
    this.#archives.set(id, { id, ...parts, cancelTimer: () => undefined });
    this.#use(id);
    return { id, plugins: parts.plugins };
  }

  /** Start the time without use again. */
  #use(id: string): void {
    const archive = this.#archives.get(id);
    if (archive === undefined) return;
    archive.cancelTimer();
    archive.cancelTimer = this.#clock.schedule(idleMs, () => {
      this.drop(id).catch((error: unknown) =>
        this.#deps.logger.warn({ err: error, archive: id }, 'cannot drop an archive that nobody used'),
      );
    });
  }

  async #release(archive: Archive): Promise<void> {
    archive.cancelTimer();
    this.#archives.delete(archive.id);
    await archive.lease[Symbol.asyncDispose]();
  }

  #find(id: string): Archive {
    const archive = this.#archives.get(id);
    if (archive !== undefined) return archive;
    throw new OutboardError(
      'not-found',
      `no such archive: ${JSON.stringify(id.slice(0, 64))}: it was dropped, or nobody used it for an hour; send the file again`,
      { code: 'no-archive' },
    );
  }
}
