/**
 * The plugins of one data root. Records in memory equal those on disk; every change is one rename.
 */
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { createListeners, type Listeners, mapBounded } from '@outboard/async';
import { removeTree } from '@outboard/container';
import {
  type ContentStore,
  commitInDirectory,
  type Digest,
  isOutboardError,
  makeDirectoryDurably,
  OutboardError,
  onStorage,
  type ReportUnflushed,
} from '@outboard/oci';
import type { Logger } from 'pino';
import type { PluginRecord } from '../config/plugin-config.ts';
import { type CandidateContent, findContentOfDamaged } from './content-of-damaged.ts';
import { type DamagedPlugin, damagedPlugin, findAmongDamaged, refuseDamaged } from './damaged-plugin.ts';
import { keepPrivate } from './keep-private.ts';
import { PluginIndex } from './plugin-index.ts';
import {
  isBeingRemoved,
  isPluginId,
  type PluginLayout,
  type PluginPaths,
  pluginPaths,
} from './plugin-layout.ts';
import { commitRecord, parseRecord, readRecordText, writeRecord } from './plugin-record-file.ts';
import { clearUnfinishedWrites, reportUnflushed } from './report-unflushed.ts';
import { matchTree, settleUpgrade } from './upgrade-journal.ts';

/** A change of the records in memory, which follows the one on disk. */
export interface RecordChange {
  readonly id: string;
  /** Undefined when the plugin was added or repaired. */
  readonly before: PluginRecord | undefined;
  /** Undefined when it was removed. */
  readonly after: PluginRecord | undefined;
}

/** A local name that no other operation can take until it is disposed. */
export type NameReservation = Disposable;

/** Few: records that arrive in one turn of the event loop are parsed in it. */
const loadedAtOnce = 8;

/** Records of plugins, with those of damaged plugins apart. */
export class PluginStore {
  readonly layout: PluginLayout;
  readonly #index = new PluginIndex();
  readonly #reservedNames = new Set<string>();
  readonly #logger: Logger;
  readonly #onUnflushed: ReportUnflushed;
  #mayBeUndone = false;
  readonly #changes: Listeners<[RecordChange]>;
  /** Plugins whose records cannot be used, by ID. */
  readonly #damaged = new Map<string, DamagedPlugin>();
  /** Content that each of them may have been made from; unknown until the content store is open. */
  #contentOfDamaged: ReadonlyMap<string, CandidateContent> = new Map();

  private constructor(layout: PluginLayout, logger: Logger) {
    this.layout = layout;
    this.#logger = logger;
    const report = reportUnflushed(logger);
    this.#onUnflushed = (error) => {
      this.#mayBeUndone = true;
      report(error);
    };
    this.#changes = createListeners((error, { id }) =>
      logger.error({ err: error, id }, 'a listener of the plugin store failed'),
    );
  }

  /**
   * Load all records. Finishes or undoes what a crash left: removals are completed, upgrades end as the old or the new
   * version. A plugin whose record cannot be used counts as damaged, is logged, and stays on disk.
   */
  static async open(layout: PluginLayout, logger: Logger): Promise<PluginStore> {
    const store = new PluginStore(layout, logger);
    await makeDirectoryDurably(layout.pluginsDirectory, { mode: 0o700 });
    const names = await readdir(layout.pluginsDirectory);
    const load = async (name: string) => {
      if (isPluginId(name)) await store.#load(name);
      else if (isBeingRemoved(name)) await store.#resumeRemoval(join(layout.pluginsDirectory, name));
    };
    await mapBounded(names, load, loadedAtOnce);
    return store;
  }

  async #load(id: string): Promise<void> {
    const paths = this.paths(id);
    let text = '';
    try {
      for (const path of [paths.directory, paths.record]) await keepPrivate(path, this.#logger);
      text = await readRecordText(paths);
      const record = parseRecord(text, paths);
      if (record.id !== id) throw new OutboardError('system', `its record names another ID: ${record.id}`);
      await matchTree(paths, record);
      await settleUpgrade(paths, record).catch((error: unknown) =>
        this.#logger.error({ err: error, id }, 'cannot delete the other tree of an interrupted upgrade'),
      );
      // Without an await before the entry: other plugins are loaded concurrently.
      if (this.#index.hasName(record.name)) {
        throw new OutboardError('system', `two plugins have the name ${JSON.stringify(record.name)}`);
      }
      this.#index.put(record);
    } catch (error) {
      // Other plugins must run all the same.
      const plugin = damagedPlugin(id, error, text);
      this.#damaged.set(id, plugin);
      this.#logger.error(
        { err: error, id, plugin: plugin.name },
        'a plugin is damaged: it is left as it is, and runs on if it runs; repair or remove it',
      );
    }
    await clearUnfinishedWrites(paths.directory, this.#logger);
  }

  async #resumeRemoval(directory: string): Promise<void> {
    try {
      await removeTree(directory);
    } catch (error) {
      // The plugin is removed already; the next start tries again.
      this.#logger.error({ err: error, directory }, 'cannot delete what is left of a removed plugin');
    }
  }

  /**
   * True once a commit could not be flushed: a power cut may bring back the state before it. What that state needs must not
   * be deleted then; the next start deletes it.
   */
  get mayBeUndone(): boolean {
    return this.#mayBeUndone;
  }

  /** The paths of a plugin, whether it exists or not. */
  paths(id: string): PluginPaths {
    return this.layout.plugin(id);
  }

  /** @throws {OutboardError} not-found; conflict when it is damaged; invalid when an ID prefix is ambiguous */
  find(typed: string): PluginRecord {
    const damaged = this.findDamaged(typed);
    return damaged === undefined ? this.#index.find(typed) : refuseDamaged(damaged);
  }

  /** Plugins whose records cannot be used. */
  damaged(): readonly DamagedPlugin[] {
    return [...this.#damaged.values()];
  }

  /**
   * As `find`, among damaged plugins: by ID, by name unless a sound plugin has it, or by ID prefix.
   * @throws {OutboardError} invalid when an ID prefix is ambiguous
   */
  findDamaged(typed: string): DamagedPlugin | undefined {
    return this.#damaged.size === 0 ? undefined : findAmongDamaged(this.#damaged, this.#index, typed);
  }

  /** Find the content of damaged plugins; until then all content is kept for them. */
  async findContentOfDamaged(content: Pick<ContentStore, 'read' | 'walk'>): Promise<void> {
    this.#contentOfDamaged = await findContentOfDamaged(this.damaged(), content, (digest) =>
      this.#index.isReferenced(digest),
    );
  }

  /** Content that a damaged plugin may have been made from. */
  contentOfDamaged(id: string): CandidateContent | undefined {
    return this.#contentOfDamaged.get(id);
  }

  /**
   * Read the record of a damaged plugin again.
   * @returns undefined when it is still damaged
   * @throws {OutboardError} system when it cannot be read
   */
  async readDamaged(id: string): Promise<PluginRecord | undefined> {
    const paths = this.paths(id);
    const text = await readRecordText(paths);
    try {
      return parseRecord(text, paths);
    } catch (error) {
      if (isOutboardError(error)) return undefined;
      throw error;
    }
  }

  /** Replace the record of a damaged plugin, whose name must be reserved: the commit of its repair. */
  async repair(record: PluginRecord): Promise<void> {
    await settleUpgrade(this.paths(record.id), record);
    await this.save(record);
    this.#damaged.delete(record.id);
  }

  get(id: string): PluginRecord | undefined {
    return this.#index.get(id);
  }

  /** All plugins by name; the same array until one of them changes. */
  all(): readonly PluginRecord[] {
    return this.#index.all();
  }

  /** The enabled plugins that serve a capability, by name; found by an index. */
  enabledWith(capability: string): readonly PluginRecord[] {
    return this.#index.enabledWith(capability);
  }

  /** True if a plugin names this blob, or the repair of a damaged one may need it. */
  isReferenced(digest: Digest): boolean {
    return this.#index.isReferenced(digest) || this.isKeptForDamaged(digest);
  }

  /** True if no sound plugin names this blob, but the repair of a damaged one may need it. */
  isKeptForDamaged(digest: Digest): boolean {
    if (this.#damaged.size === 0 || this.#index.isReferenced(digest)) return false;
    return [...this.#damaged.keys()].some(
      (id) => this.#contentOfDamaged.get(id)?.digests.has(digest) ?? true,
    );
  }

  /**
   * Reserve a local name for an installation or a repair.
   * @param forId ID of the damaged plugin to repair, whose own name is free for it
   * @throws {OutboardError} conflict when the name is taken or about to be
   */
  reserveName(name: string, forId?: string): NameReservation {
    const damaged = this.damaged().find((plugin) => plugin.name === name && plugin.id !== forId);
    if (damaged !== undefined) {
      throw new OutboardError(
        'conflict',
        `plugin ${name} already exists, and is damaged: repair it: outboard repair ${damaged.id.slice(0, 12)}, or remove it: outboard rm -f ${damaged.id.slice(0, 12)}`,
        { code: 'name-taken' },
      );
    }
    if (this.#index.hasName(name) || this.#reservedNames.has(name)) {
      throw new OutboardError('conflict', `plugin ${name} already exists`, { code: 'name-taken' });
    }
    this.#reservedNames.add(name);
    return { [Symbol.dispose]: () => void this.#reservedNames.delete(name) };
  }

  /**
   * Add a staged plugin: the rename of its directory is the commit. Its root filesystem must be flushed, and its name
   * reserved.
   */
  async add(record: PluginRecord, stagedDirectory: string): Promise<void> {
    const home = this.paths(record.id);
    await writeRecord(record, pluginPaths(stagedDirectory), home);
    await this.#commit(() => rename(stagedDirectory, home.directory));
    this.#put(record);
  }

  /** Replace a plugin's record, on disk first: the commit. */
  async save(record: PluginRecord): Promise<void> {
    await commitRecord(record, this.paths(record.id), this.#onUnflushed);
    this.#put(record);
  }

  /**
   * Remove a plugin: the rename of its directory is the commit. It must not run or have mounts.
   * @returns deletes the directory; after a failure, or when the rename may be undone, the next start does
   */
  async remove(id: string): Promise<() => Promise<void>> {
    const removing = this.layout.removing(id);
    await this.#commit(() => rename(this.paths(id).directory, removing));
    const before = this.#index.get(id);
    this.#index.delete(id);
    this.#damaged.delete(id);
    if (before !== undefined) this.#changes.notify({ id, before, after: undefined });
    return async () => {
      if (!this.#mayBeUndone) await removeTree(removing);
    };
  }

  /** Call a listener after every change of a record. @returns removes the listener */
  onChange(listener: (change: RecordChange) => void): () => void {
    return this.#changes.add(listener);
  }

  #put(record: PluginRecord): void {
    const before = this.#index.get(record.id);
    this.#index.put(record);
    this.#changes.notify({ id: record.id, before, after: record });
  }

  /** Change the names of plugins' directories. */
  async #commit(change: () => Promise<void>): Promise<void> {
    const { pluginsDirectory } = this.layout;
    await commitInDirectory(
      pluginsDirectory,
      () => onStorage('rename directory', pluginsDirectory, change),
      this.#onUnflushed,
    );
  }
}
