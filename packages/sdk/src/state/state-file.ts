/**
 * A JSON document of the SDK that survives restarts of the plugin: replaced whole with each change, read once.
 */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeDirectories } from '../make-directories.ts';
import { PluginError } from '../plugin-error.ts';
import { replaceFile } from './replace-file.ts';
import { SerialQueue } from './serial-queue.ts';

/** A document in a file. */
export class StateFile {
  readonly #file: string | undefined;
  readonly #writes = new SerialQueue();

  /** @param file absolute path; if undefined, nothing is kept */
  constructor(file: string | undefined) {
    this.#file = file;
  }

  /**
   * Read the document, and make the directory of the file.
   *
   * @param parse makes a value of it, and throws if it is not one that was written
   * @returns undefined if there is none yet
   * @throws {PluginError} if the file is damaged
   */
  async read<T>(parse: (document: unknown) => T): Promise<T | undefined> {
    if (this.#file === undefined) return undefined;
    await makeDirectories(dirname(this.#file), { mode: 0o700 });
    const text = await readFile(this.#file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    try {
      return parse(JSON.parse(text));
    } catch (cause) {
      throw new PluginError(`cannot read "${this.#file}": it is damaged`, { cause });
    }
  }

  /**
   * Replace the document. Writes run one after another, each with the document of its time. Durable when it resolves; the
   * file is unchanged when it rejects.
   */
  async write(document: () => object): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    await this.#writes.run(file, () => replaceFile(file, `${JSON.stringify(document())}\n`));
  }
}
