/**
 * The plugins of one data root: records in memory and on disk, always alike. Every change is one rename.
 */
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  commitInDirectory,
  type Digest,
  isUnfinishedWrite,
  makeDirectories,
  OutboardError,
  onStorage,
  type ReportUnflushed,
} from '@outboard/oci';
import type { Logger } from 'pino';
import type { PluginRecord } from '../config/plugin-config.ts';
import { removeTree } from '../linux/remove-tree.ts';
import { PluginIndex } from './plugin-index.ts';
import {
  isBeingRemoved,
  isPluginId,
  type PluginLayout,
  type PluginPaths,
  pluginPaths,
} from './plugin-layout.ts';
import { commitRecord, readRecord, writeRecord } from './plugin-record-file.ts';
import { reportUnflushed } from './report-unflushed.ts';
import { settleUpgrade } from './upgrade-journal.ts';

/** A local name that nobody else can take until it is disposed of. */
export type NameReservation = Disposable;

export class PluginStore {
  readonly layout: PluginLayout;
  readonly #index = new PluginIndex();
  readonly #reservedNames = new Set<string>();
  readonly #logger: Logger;
  readonly #onUnflushed: ReportUnflushed;
  /** Whether there are plugins whose records could not be read. */
  #hasUnknown = false;

  private constructor(layout: PluginLayout, logger: Logger) {
    this.layout = layout;
    this.#logger = logger;
    this.#onUnflushed = reportUnflushed(logger);
  }

  /**
   * Load all records. Finishes or undoes what a crash left: removals go on, upgrades end as wholly old or new.
   * A plugin whose record cannot be read is left out, reported, and left where it lies.
   */
  static async open(layout: PluginLayout, logger: Logger): Promise<PluginStore> {
    const store = new PluginStore(layout, logger);
    await makeDirectories(layout.pluginsDirectory, { mode: 0o700 });
    const names = await readdir(layout.pluginsDirectory);
    await Promise.all(
      names.map(async (name) => {
        if (isPluginId(name)) await store.#load(name);
        else if (isBeingRemoved(name)) await store.#resumeRemoval(join(layout.pluginsDirectory, name));
      }),
    );
    return store;
  }

  async #load(id: string): Promise<void> {
    const paths = this.paths(id);
    try {
      const record = await readRecord(paths);
      if (record.id !== id)
        throw new OutboardError('system', `record of ${id} names another ID: ${record.id}`);
      await settleUpgrade(paths, record.manifestDigest);
      await removeUnfinishedWrites(paths.directory);
      // In one turn of the event loop with the entry: others are loaded at the same time.
      if (this.#index.hasName(record.name)) {
        throw new OutboardError('system', `two plugins have the name ${JSON.stringify(record.name)}`);
      }
      this.#index.put(record);
    } catch (error) {
      // One damaged plugin must not keep the others from running.
      this.#hasUnknown = true;
      this.#logger.error({ err: error, plugin: id }, 'plugin left out: its directory cannot be read');
    }
  }

  async #resumeRemoval(directory: string): Promise<void> {
    try {
      await removeTree(directory);
    } catch (error) {
      // It is no plugin any more; the next start tries again.
      this.#logger.error({ err: error, directory }, 'cannot delete what is left of a removed plugin');
    }
  }

  paths(id: string): PluginPaths {
    return this.layout.plugin(id);
  }

  /** @throws {OutboardError} not-found; invalid when an ID prefix is ambiguous */
  find(typed: string): PluginRecord {
    return this.#index.find(typed);
  }

  get(id: string): PluginRecord | undefined {
    return this.#index.get(id);
  }

  /** All plugins by name; the same array for as long as none of them changes. */
  all(): readonly PluginRecord[] {
    return this.#index.all();
  }

  /** The enabled plugins that serve a capability, by name; found by an index. */
  enabledWith(capability: string): readonly PluginRecord[] {
    return this.#index.enabledWith(capability);
  }

  /**
   * Whether a plugin names this blob now. While there is a plugin whose record cannot be read, any blob may be its:
   * then none is given up, so that the plugin can be repaired.
   */
  isReferenced(digest: Digest): boolean {
    return this.#hasUnknown || this.#index.isReferenced(digest);
  }

  /** @throws {OutboardError} conflict when the name is taken or about to be */
  reserveName(name: string): NameReservation {
    if (this.#index.hasName(name) || this.#reservedNames.has(name)) {
      throw new OutboardError('conflict', `plugin ${name} already exists`, { code: 'name-taken' });
    }
    this.#reservedNames.add(name);
    return { [Symbol.dispose]: () => void this.#reservedNames.delete(name) };
  }

  /**
   * Make a staged plugin real: the rename of its directory is the commit.
   * The staged root filesystem must be flushed already, and its name reserved.
   */
  async add(record: PluginRecord, stagedDirectory: string): Promise<void> {
    const home = this.paths(record.id);
    await writeRecord(record, pluginPaths(stagedDirectory), home);
    await this.#commit(() => rename(stagedDirectory, home.directory));
    this.#index.put(record);
  }

  /** Replace a plugin's record, on disk first: the commit. */
  async save(record: PluginRecord): Promise<void> {
    await commitRecord(record, this.paths(record.id), this.#onUnflushed);
    this.#index.put(record);
  }

  /**
   * Forget a plugin: the rename of its directory is the commit. Nothing of it may be running or mounted.
   * @returns deletes its directory; what it leaves the next start deletes
   */
  async remove(id: string): Promise<() => Promise<void>> {
    const removing = this.layout.removing(id);
    await this.#commit(() => rename(this.paths(id).directory, removing));
    this.#index.delete(id);
    return () => removeTree(removing);
  }

  /** Change the names of plugins' directories. */
  async #commit(change: () => Promise<void>): Promise<void> {
    const { pluginsDirectory } = this.layout;
    await commitInDirectory(
      pluginsDirectory,
      () => onStorage('rename folder', pluginsDirectory, change),
      this.#onUnflushed,
    );
  }
}

/** Changes of the record, or of the upgrade journal, that a crash cut off before their rename. */
async function removeUnfinishedWrites(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (isUnfinishedWrite(name)) await rm(join(directory, name), { force: true });
  }
}
