/**
 * Who holds which volume, counted per volume and consumer ID, kept in a file so that a restarted plugin knows it.
 *
 * A counter and not a set: `docker cp` mounts and unmounts a running container's volume a second time with the same ID
 * (moby#37314), and a set would unmount the volume under the container.
 */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeDirectories } from '../make-directories.ts';
import { PluginError } from '../plugin-error.ts';
import { replaceFile } from './replace-file.ts';

/** Volume name to consumer ID to number of mounts. */
type Holders = Map<string, Map<string, number>>;

/** Counts mounts. Calls for one volume are serialised by the caller. */
export class MountJournal {
  readonly #holders: Holders;
  readonly #file: string | undefined;
  readonly #bootId: string;
  #written: Promise<void> = Promise.resolve();

  private constructor(holders: Holders, file: string | undefined, bootId: string) {
    this.#holders = holders;
    this.#file = file;
    this.#bootId = bootId;
  }

  /**
   * Read the journal. What an earlier boot of the host counted is forgotten: its consumers are gone, and no engine
   * unmounts for them.
   *
   * @param file absolute path of the journal; without one, counts live as long as the process
   * @throws {PluginError} if the file exists and cannot be understood: guessing would unmount volumes in use
   */
  static async open(file: string | undefined, bootId: string): Promise<MountJournal> {
    if (file === undefined) return new MountJournal(new Map(), undefined, bootId);
    await makeDirectories(dirname(file), { mode: 0o700 });
    return new MountJournal(await readHolders(file, bootId), file, bootId);
  }

  /** Names of the volumes that someone holds. */
  held(): readonly string[] {
    return [...this.#holders.keys()];
  }

  isHeld(volume: string): boolean {
    return this.#holders.has(volume);
  }

  /** Whether this consumer is the volume's only one, and this its only mount. */
  isLast(volume: string, id: string): boolean {
    const ids = this.#holders.get(volume);
    return ids?.size === 1 && ids.get(id) === 1;
  }

  /** Whether this consumer holds the volume. */
  isHeldBy(volume: string, id: string): boolean {
    return this.#holders.get(volume)?.has(id) ?? false;
  }

  /** Count one mount more. Durable when it resolves; nothing is counted when it rejects. */
  async add(volume: string, id: string): Promise<void> {
    this.#change(volume, id, 1);
    await this.#write().catch((error: unknown) => {
      this.#change(volume, id, -1);
      throw error;
    });
  }

  /** Count one mount less. Durable when it resolves; nothing is counted when it rejects. */
  async subtract(volume: string, id: string): Promise<void> {
    this.#change(volume, id, -1);
    await this.#write().catch((error: unknown) => {
      this.#change(volume, id, 1);
      throw error;
    });
  }

  #change(volume: string, id: string, by: 1 | -1): void {
    const ids = this.#holders.get(volume) ?? new Map<string, number>();
    const count = (ids.get(id) ?? 0) + by;
    if (count > 0) ids.set(id, count);
    else ids.delete(id);
    if (ids.size > 0) this.#holders.set(volume, ids);
    else this.#holders.delete(volume);
  }

  /** Different volumes change in parallel, but their writes follow one another and each writes all that is known. */
  #write(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return Promise.resolve();
    const written = this.#written.then(() => {
      const mounts = Object.fromEntries(
        [...this.#holders].map(([name, ids]) => [name, Object.fromEntries(ids)]),
      );
      return replaceFile(file, `${JSON.stringify({ bootId: this.#bootId, mounts })}\n`);
    });
    this.#written = written.catch(() => undefined);
    return written;
  }
}

async function readHolders(file: string, bootId: string): Promise<Holders> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return new Map();
    throw error;
  }
  try {
    return parseHolders(JSON.parse(text), bootId);
  } catch (cause) {
    throw new PluginError(`cannot read the mount journal "${file}": it is damaged`, { cause });
  }
}

function parseHolders(journal: unknown, bootId: string): Holders {
  const { bootId: writtenIn, mounts } = recordOf(journal);
  if (writtenIn !== bootId) return new Map();
  const holders: Holders = new Map();
  for (const [name, ids] of Object.entries(recordOf(mounts))) {
    holders.set(name, new Map(Object.entries(recordOf(ids)).map(([id, count]) => [id, countOf(count)])));
  }
  return holders;
}

function recordOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError('not an object');
  // An object's own fields are all that callers read, each as unknown.
  return value as Record<string, unknown>;
}

function countOf(value: unknown): number {
  if (!Number.isSafeInteger(value) || Number(value) < 1) throw new TypeError('not a count');
  return Number(value);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
