/**
 * Uses of plugins: held ones in memory and on disk, always alike, and those that other stores keep.
 */

import { type KeyedQueue, mapBounded } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import type { Logger } from 'pino';
import type { PluginStore } from '../store/plugin-store.ts';
import { reportUnflushed } from '../store/report-unflushed.ts';
import { isHolder, type PluginUse, type PluginUses, type UseSource } from './plugin-uses.ts';
import { commitUses, readUses } from './plugin-uses-file.ts';

export interface PluginUsesOptions {
  readonly store: Pick<PluginStore, 'all' | 'get' | 'paths'>;
  /** The queue of operations on plugins: no one begins to hold a plugin while it is disabled or removed. */
  readonly queue: KeyedQueue;
  readonly logger: Logger;
  readonly now?: () => Date;
}

export interface EnginePluginUses extends PluginUses {
  /** The plugin has a record again: read who holds it. Never rejects. */
  load(pluginId: string): Promise<void>;
  /** The plugin is gone, and its file with it. */
  forget(pluginId: string): void;
}

/** How many may hold one plugin; each hold writes all of them. */
const maxHeld = 4096;

/** Load the held uses of all plugins. Those that cannot be read are reported and taken as none. */
export async function openPluginUses(options: PluginUsesOptions): Promise<EnginePluginUses> {
  const { store, queue, logger, now = () => new Date() } = options;
  const onUnflushed = reportUnflushed(logger);
  const held = new Map<string, readonly PluginUse[]>();
  const sources: UseSource[] = [];
  /** Plugins of which the file is there and cannot be read now. */
  const unread = new Set<string>();
  await mapBounded(store.all(), ({ id }) => load(id));

  async function load(id: string): Promise<void> {
    try {
      await read(id);
    } catch (error) {
      // It concerns nothing but who may stop the plugin.
      logger.error({ err: error, plugin: id }, 'who uses a plugin cannot be read: taken as no one');
    }
  }

  async function read(id: string): Promise<void> {
    unread.add(id);
    const uses = await readUses(store.paths(id).uses);
    unread.delete(id);
    if (uses.length > 0) held.set(id, uses);
  }

  /** What a change is made to: a file that could not be read is read now, so that it is not replaced unseen. */
  async function usesOf(id: string): Promise<readonly PluginUse[]> {
    if (unread.has(id)) await read(id);
    return held.get(id) ?? [];
  }

  async function save(id: string, uses: readonly PluginUse[]): Promise<void> {
    await commitUses(store.paths(id).uses, uses, onUnflushed);
    if (uses.length > 0) held.set(id, uses);
    else held.delete(id);
  }

  return {
    of(pluginId) {
      const all = [...(held.get(pluginId) ?? []), ...sources.flatMap((source) => source(pluginId))];
      return all.sort((a, b) => a.since.getTime() - b.since.getTime());
    },

    async hold(pluginId, { kind, holder }) {
      if (!isHolder(holder)) {
        throw new OutboardError(
          'invalid',
          `holder ${JSON.stringify(holder.slice(0, 80))} cannot be shown: want 1 to 255 printable characters`,
        );
      }
      await queue.run(pluginId, async () => {
        const record = store.get(pluginId);
        if (record === undefined) throw new OutboardError('not-found', `plugin "${pluginId}" not found`);
        const uses = await usesOf(pluginId);
        if (uses.some((use) => isSame(use, { kind, holder }))) return;
        if (uses.length >= maxHeld) {
          throw new OutboardError(
            'conflict',
            `plugin ${record.name} is held ${maxHeld} times, the most there may be`,
          );
        }
        await save(pluginId, [...uses, { kind, holder, since: now() }]);
      });
    },

    async release(pluginId, use) {
      await queue.run(pluginId, async () => {
        const uses = await usesOf(pluginId);
        const rest = uses.filter((other) => !isSame(other, use));
        if (rest.length < uses.length) await save(pluginId, rest);
      });
    },

    addSource(source) {
      sources.push(source);
    },

    load,

    forget(pluginId) {
      held.delete(pluginId);
      unread.delete(pluginId);
    },
  };
}

function isSame(a: Pick<PluginUse, 'kind' | 'holder'>, b: Pick<PluginUse, 'kind' | 'holder'>): boolean {
  return a.kind === b.kind && a.holder === b.holder;
}
