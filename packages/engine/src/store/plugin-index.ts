/**
 * Finds plugins by name, by ID, by unique ID prefix and by capability, without walking all of them.
 * @see moby daemon/pkg/plugin/store.go for the rules of precedence
 */
import { type Digest, OutboardError } from '@outboard/oci';
import type { PluginRecord } from '../config/plugin-config.ts';
import { servedCapabilities } from '../config/served-capabilities.ts';
import { familiarNameOf, refuseAmbiguous } from './familiar-name.ts';
import { isPluginId } from './plugin-layout.ts';

/** The records in memory. */
export class PluginIndex {
  readonly #records = new Map<string, PluginRecord>();
  readonly #idByName = new Map<string, string>();
  /** IDs in order, so that a prefix is one binary search. */
  readonly #sortedIds: string[] = [];
  /** Number of plugins that name a blob, so that garbage collection need not visit all plugins. */
  readonly #references = new Map<Digest, number>();
  /** IDs of the enabled plugins that serve a capability. */
  readonly #enabledByCapability = new Map<string, Set<string>>();
  /** All records by name, until one changes. */
  #byName: readonly PluginRecord[] | undefined;

  /** Add a record, or replace the one with the same ID. */
  put(record: PluginRecord): void {
    const before = this.#records.get(record.id);
    this.#byName = undefined;
    if (before === undefined) this.#sortedIds.splice(this.#position(record.id), 0, record.id);
    else this.#release(before);
    for (const digest of blobsOf(record))
      this.#references.set(digest, (this.#references.get(digest) ?? 0) + 1);
    this.#records.set(record.id, record);
    this.#idByName.set(record.name, record.id);
    for (const capability of enabledCapabilities(record)) {
      const ids = this.#enabledByCapability.get(capability);
      if (ids === undefined) this.#enabledByCapability.set(capability, new Set([record.id]));
      else ids.add(record.id);
    }
  }

  /** Remove a record, if there is one. */
  delete(id: string): void {
    const record = this.#records.get(id);
    if (record === undefined) return;
    this.#records.delete(id);
    this.#byName = undefined;
    this.#release(record);
    this.#sortedIds.splice(this.#position(id), 1);
  }

  /** True if the manifest, config or layers of a plugin include this blob. */
  isReferenced(digest: Digest): boolean {
    return this.#references.has(digest);
  }

  #release(record: PluginRecord): void {
    this.#idByName.delete(record.name);
    for (const capability of enabledCapabilities(record)) {
      const ids = this.#enabledByCapability.get(capability);
      ids?.delete(record.id);
      if (ids?.size === 0) this.#enabledByCapability.delete(capability);
    }
    for (const digest of blobsOf(record)) {
      const count = (this.#references.get(digest) ?? 0) - 1;
      if (count > 0) this.#references.set(digest, count);
      else this.#references.delete(digest);
    }
  }

  get(id: string): PluginRecord | undefined {
    return this.#records.get(id);
  }

  hasName(name: string): boolean {
    return this.#idByName.has(name);
  }

  /** True if an ID begins with the prefix. */
  hasPrefix(prefix: string): boolean {
    return this.#sortedIds[this.#position(prefix)]?.startsWith(prefix) === true;
  }

  /** All plugins by name; the same array until one of them changes. */
  all(): readonly PluginRecord[] {
    this.#byName ??= [...this.#records.values()].sort(compareNames);
    return this.#byName;
  }

  /** The enabled plugins that serve a capability, by name. */
  enabledWith(capability: string): readonly PluginRecord[] {
    const ids = this.#enabledByCapability.get(capability) ?? [];
    return [...ids].flatMap((id) => this.#records.get(id) ?? []).sort(compareNames);
  }

  /**
   * Find what a user typed: a full ID, a name in any familiar form, or a unique ID prefix, in this order.
   * @throws {OutboardError} not-found; invalid when several IDs have the prefix
   */
  find(typed: string): PluginRecord {
    if (isPluginId(typed)) return this.#records.get(typed) ?? notFound(typed);
    const name = familiarNameOf(typed);
    if (name === undefined) return notFound(typed);
    const id = this.#idByName.get(name) ?? this.#idWithPrefix(typed);
    const record = id === undefined ? undefined : this.#records.get(id);
    return record ?? notFound(typed);
  }

  #idWithPrefix(prefix: string): string | undefined {
    if (prefix === '') return undefined;
    const first = this.#position(prefix);
    const id = this.#sortedIds[first];
    if (id === undefined || !id.startsWith(prefix)) return undefined;
    if (this.#sortedIds[first + 1]?.startsWith(prefix) === true) {
      refuseAmbiguous(prefix);
    }
    return id;
  }

  /** Index of the first ID that is not below `text`. */
  #position(text: string): number {
    let low = 0;
    let high = this.#sortedIds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      // Inside the bounds of the array, as low <= middle < high.
      if ((this.#sortedIds[middle] as string) < text) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function compareNames(a: PluginRecord, b: PluginRecord): number {
  return a.name < b.name ? -1 : 1;
}

function enabledCapabilities(record: PluginRecord): readonly string[] {
  return record.enabled ? servedCapabilities(record.config) : [];
}

/** Also those of the version before, so that it can be pushed and its settings restored after a roll-back. */
/** The blobs that a plugin names: those of its version, and of the one that a roll-back returns to. */
export function blobsOf({ previous, ...version }: PluginRecord): readonly Digest[] {
  return [version, ...(previous === undefined ? [] : [previous])].flatMap(
    ({ manifestDigest, configDigest, blobDigests }) => [manifestDigest, configDigest, ...blobDigests],
  );
}

function notFound(typed: string): never {
  throw new OutboardError('not-found', `plugin ${JSON.stringify(typed)} not found`);
}
