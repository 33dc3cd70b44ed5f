/**
 * The mount journal: mount counts per volume and consumer ID, kept in a file across restarts of the plugin.
 *
 * Counts, because `docker cp` mounts and unmounts the volume of a running container a second time with the same ID
 * (moby#37314): a set would unmount it under the container.
 */
import { StateFile } from '../state/state-file.ts';

/** Number of mounts by volume name and consumer ID. */
type MountCounts = Map<string, Map<string, number>>;

/** Counts mounts. The caller serializes calls for one volume. */
export class MountJournal {
  readonly #counts: MountCounts;
  readonly #file: StateFile;
  readonly #bootId: string;

  private constructor(counts: MountCounts, file: StateFile, bootId: string) {
    this.#counts = counts;
    this.#file = file;
    this.#bootId = bootId;
  }

  /**
   * Read the journal. Counts of an earlier boot of the host are dropped: their consumers are gone, and no engine
   * unmounts for them.
   *
   * @param file absolute path of the journal; if undefined, counts last as long as the process
   * @throws {PluginError} if the file is damaged: guessed counts could unmount volumes in use
   */
  static async open(file: string | undefined, bootId: string): Promise<MountJournal> {
    const state = new StateFile(file);
    const counts = await state.read((journal) => parseCounts(journal, bootId));
    return new MountJournal(counts ?? new Map(), state, bootId);
  }

  /** Names of volumes with at least one mount. */
  mountedVolumes(): readonly string[] {
    return [...this.#counts.keys()];
  }

  /** True if any consumer has mounted the volume. */
  isMounted(volume: string): boolean {
    return this.#counts.has(volume);
  }

  /** True if the volume's only mount is one of this consumer. */
  isLastMount(volume: string, id: string): boolean {
    const ids = this.#counts.get(volume);
    return ids?.size === 1 && ids.get(id) === 1;
  }

  /** True if this consumer has mounted the volume. */
  isMountedBy(volume: string, id: string): boolean {
    return this.#counts.get(volume)?.has(id) ?? false;
  }

  /** Count one more mount. Durable when it resolves; unchanged when it rejects. */
  async add(volume: string, id: string): Promise<void> {
    this.#change(volume, id, 1);
    await this.#write().catch((error: unknown) => {
      this.#change(volume, id, -1);
      throw error;
    });
  }

  /** Count one mount less. Durable when it resolves; unchanged when it rejects. */
  async subtract(volume: string, id: string): Promise<void> {
    this.#change(volume, id, -1);
    await this.#write().catch((error: unknown) => {
      this.#change(volume, id, 1);
      throw error;
    });
  }

  #change(volume: string, id: string, by: 1 | -1): void {
    const ids = this.#counts.get(volume) ?? new Map<string, number>();
    const count = (ids.get(id) ?? 0) + by;
    if (count > 0) ids.set(id, count);
    else ids.delete(id);
    if (ids.size > 0) this.#counts.set(volume, ids);
    else this.#counts.delete(volume);
  }

  /** Volumes change in parallel; their writes run one after another, each with all counts. */
  async #write(): Promise<void> {
    await this.#file.write(() => {
      const mounts = Object.fromEntries(
        [...this.#counts].map(([name, ids]) => [name, Object.fromEntries(ids)]),
      );
      return { bootId: this.#bootId, mounts };
    });
  }
}

function parseCounts(journal: unknown, bootId: string): MountCounts {
  const { bootId: writtenIn, mounts } = recordOf(journal);
  if (writtenIn !== bootId) return new Map();
  const counts: MountCounts = new Map();
  for (const [name, ids] of Object.entries(recordOf(mounts))) {
    counts.set(name, new Map(Object.entries(recordOf(ids)).map(([id, count]) => [id, countOf(count)])));
  }
  return counts;
}

function recordOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError('not an object');
  // Callers read own fields only, each as unknown.
  return value as Record<string, unknown>;
}

function countOf(value: unknown): number {
  if (!Number.isSafeInteger(value) || Number(value) < 1) throw new TypeError('not a count');
  return Number(value);
}
