/**
 * References in memory and on disk, and those that other stores compute. Memory changes only after the disk did.
 */

import { existsSync } from 'node:fs';
import {
  type Clock,
  createTurnPacer,
  type KeyedQueue,
  mapBounded,
  settlesWithin,
  systemClock,
} from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import type { Logger } from 'pino';
import type { PluginStore } from '../store/plugin-store.ts';
import { reportUnflushed } from '../store/report-unflushed.ts';
import {
  isHolder,
  type PluginReference,
  type PluginReferences,
  type ReferenceId,
  type ReferenceSource,
} from './plugin-references.ts';
import { referenceFile } from './reference-file.ts';

/** Parts of stored references. */
export interface StoredReferencesDeps {
  readonly store: Pick<PluginStore, 'all' | 'get' | 'paths'>;
  /** The queue of operations on plugins: no reference is added while its plugin is being disabled or removed. */
  readonly queue: KeyedQueue;
  readonly logger: Logger;
  readonly clock?: Pick<Clock, 'now'> | undefined;
}

/** References with the calls that keep them in step with the plugin store. */
export interface StoredReferences extends PluginReferences {
  /** Read the references of a plugin that was repaired. Never rejects. */
  load(pluginId: string): Promise<void>;
  /** Write the references in memory to the file of a plugin again, in its queue. @throws {OutboardError} system */
  rewrite(pluginId: string): Promise<void>;
  /** Forget the references of a plugin that was removed with its file. */
  forget(pluginId: string): void;
}

/** Time limit of a refresh, in milliseconds: references are shown without it then. */
const refreshMs = 3_000;

/** Bound on the references to one plugin, because each change writes all of them. */
const maxReferences = 4096;

/** Load the references of all plugins. A file that cannot be read is logged and counts as none. */
export async function openStoredReferences(deps: StoredReferencesDeps): Promise<StoredReferences> {
  const references = new PluginReferenceTable(deps);
  // Most plugins have none, and looking for the file takes no waiting.
  const pacer = createTurnPacer();
  await mapBounded(deps.store.all(), async ({ id }) => {
    await references.load(id);
    await pacer.pause();
  });
  return references;
}

class PluginReferenceTable implements StoredReferences {
  readonly #deps: StoredReferencesDeps;
  readonly #stored = new Map<string, readonly PluginReference[]>();
  readonly #sources: ReferenceSource[] = [];
  readonly #refreshes: ((pluginId: string) => Promise<void>)[] = [];
  /** Plugins whose file exists and could not be read yet. */
  readonly #unread = new Set<string>();

  constructor(deps: StoredReferencesDeps) {
    this.#deps = deps;
  }

  of(pluginId: string): readonly PluginReference[] {
    const computed = this.#sources.flatMap((source) => source(pluginId));
    const all = [...(this.#stored.get(pluginId) ?? []), ...computed];
    return all.sort((a, b) => a.since.getTime() - b.since.getTime());
  }

  async add(pluginId: string, { kind, holder }: ReferenceId): Promise<void> {
    if (!isHolder(holder)) {
      throw new OutboardError(
        'invalid',
        `holder ${JSON.stringify(holder.slice(0, 80))} cannot be shown: want 1 to 255 printable characters`,
      );
    }
    const { queue, store, clock = systemClock } = this.#deps;
    await queue.run(pluginId, async () => {
      const record = store.get(pluginId);
      if (record === undefined) throw new OutboardError('not-found', `plugin "${pluginId}" not found`);
      const before = await this.#storedOf(pluginId);
      if (before.some((reference) => isSame(reference, { kind, holder }))) return;
      if (before.length >= maxReferences) {
        throw new OutboardError(
          'conflict',
          `plugin ${record.name} is held ${maxReferences} times, the most there may be`,
        );
      }
      await this.#save(pluginId, [...before, { kind, holder, since: clock.now() }]);
    });
  }

  async remove(pluginId: string, reference: ReferenceId): Promise<void> {
    await this.#deps.queue.run(pluginId, async () => {
      const before = await this.#storedOf(pluginId);
      const rest = before.filter((other) => !isSame(other, reference));
      if (rest.length < before.length) await this.#save(pluginId, rest);
    });
  }

  addSource(source: ReferenceSource, refresh?: (pluginId: string) => Promise<void>): void {
    this.#sources.push(source);
    if (refresh !== undefined) this.#refreshes.push(refresh);
  }

  async refresh(pluginId: string): Promise<void> {
    await settlesWithin(Promise.all(this.#refreshes.map((refresh) => refresh(pluginId))), refreshMs);
  }

  async load(pluginId: string): Promise<void> {
    try {
      await this.#read(pluginId);
    } catch (error) {
      // The plugin can still run; only the protection against disable and remove is lost.
      this.#deps.logger.error(
        { err: error, plugin: pluginId },
        'cannot read the references to a plugin: it counts as unused',
      );
    }
  }

  async rewrite(pluginId: string): Promise<void> {
    await this.#deps.queue.run(pluginId, async () => {
      if (this.#deps.store.get(pluginId) === undefined) return;
      this.#unread.delete(pluginId);
      await this.#save(pluginId, this.#stored.get(pluginId) ?? []);
    });
  }

  forget(pluginId: string): void {
    this.#stored.delete(pluginId);
    this.#unread.delete(pluginId);
  }

  async #read(id: string): Promise<void> {
    this.#unread.add(id);
    const path = this.#deps.store.paths(id).references;
    // Most plugins have no file: a thousand of them are checked at the start of a daemon.
    const { references = [] } = (existsSync(path) && (await referenceFile.read(path))) || {};
    this.#unread.delete(id);
    if (references.length > 0) this.#stored.set(id, references);
  }

  /** The references that a change starts from. A file that could not be read is read now, so that none is lost. */
  async #storedOf(id: string): Promise<readonly PluginReference[]> {
    if (this.#unread.has(id)) await this.#read(id);
    return this.#stored.get(id) ?? [];
  }

  async #save(id: string, references: readonly PluginReference[]): Promise<void> {
    const { store, logger } = this.#deps;
    const path = store.paths(id).references;
    await referenceFile.commit(path, { references }, reportUnflushed(logger));
    if (references.length > 0) this.#stored.set(id, references);
    else this.#stored.delete(id);
  }
}

function isSame(a: ReferenceId, b: ReferenceId): boolean {
  return a.kind === b.kind && a.holder === b.holder;
}
