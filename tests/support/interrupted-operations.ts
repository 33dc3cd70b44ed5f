/**
 * Operations on one plugin, `p`, for tests that interrupt them, and what must hold afterwards.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkDataRoot, type StoredContent, type StoredPlugin } from './data-root.ts';
import type { PluginApi } from './plugin-api.ts';
import { pluginArchive } from './plugin-archive.ts';

/** One operation, and the states between which it changes the plugin. */
export interface InterruptedOperation {
  /** Bring the plugin to the state in which the operation starts. */
  readonly prepare: (plugin: StoredPlugin | undefined, round: number) => Promise<void>;
  readonly run: (plugin: StoredPlugin | undefined, round: number) => Promise<unknown>;
  /** The part of the state in which old and new differ. */
  readonly read: (plugin: StoredPlugin | undefined) => unknown;
}

/** The daemon of the moment, and its registry. */
export interface InterruptedPlace {
  readonly api: PluginApi;
  /** Host and port of a registry with both versions. */
  readonly registry: string;
}

/** Versions of the plugin. */
export const interruptedVersions = ['v1', 'v2'] as const;
export type InterruptedVersion = (typeof interruptedVersions)[number];

/** The version is in the config and in many files of the root filesystem. */
export function interruptedArchive(version: InterruptedVersion): Buffer {
  const names = Array.from({ length: 100 }, (_, index) => `/data/${index}`);
  const files = Object.fromEntries([...names, '/last'].map((name) => [name, version.repeat(2_000)]));
  return pluginArchive({ config: { Description: version }, files });
}

/** Reference of a version. */
export function interruptedRemote({ registry }: InterruptedPlace, version: InterruptedVersion): string {
  return `${registry}/acme/p:${version}`;
}

/** Bring both versions to the registry. */
export async function pushVersions(place: InterruptedPlace): Promise<void> {
  for (const version of interruptedVersions) {
    const remote = interruptedRemote(place, version);
    await place.api.create(remote, interruptedArchive(version));
    await place.api.push(remote);
    await place.api.remove(remote);
  }
}

const isPresent = (plugin: StoredPlugin | undefined) => plugin !== undefined;
const isEnabled = (plugin: StoredPlugin | undefined) => plugin?.enabled;

/** The operations. @param place read at each call: its daemon changes */
export function interruptedOperations(
  place: InterruptedPlace,
): Readonly<Record<string, InterruptedOperation>> {
  const remote = (version: InterruptedVersion) => interruptedRemote(place, version);

  async function makeAbsent(plugin: StoredPlugin | undefined): Promise<void> {
    if (plugin !== undefined) await place.api.remove('p', { force: true });
  }
  async function makeDisabled(plugin: StoredPlugin | undefined): Promise<void> {
    if (plugin === undefined) await place.api.create('p', interruptedArchive('v1'));
    else if (plugin.enabled) await place.api.disable('p');
  }
  async function makeEnabled(plugin: StoredPlugin | undefined): Promise<void> {
    if (plugin === undefined) await place.api.create('p', interruptedArchive('v1'));
    if (plugin?.enabled !== true) await place.api.enable('p');
  }

  return {
    create: {
      prepare: makeAbsent,
      run: () => place.api.create('p', interruptedArchive('v1')),
      read: isPresent,
    },
    pull: { prepare: makeAbsent, run: () => place.api.pull(remote('v2'), 'p'), read: isPresent },
    upgrade: {
      prepare: makeDisabled,
      run: (plugin) => place.api.upgrade('p', remote(plugin?.description === 'v1' ? 'v2' : 'v1')),
      read: (plugin) => plugin?.description,
    },
    set: {
      prepare: makeDisabled,
      run: (_plugin, round) => place.api.set('p', `DEBUG=${round}-${'x'.repeat(20_000)}`),
      read: (plugin) => plugin?.env,
    },
    enable: { prepare: makeDisabled, run: () => place.api.enable('p'), read: isEnabled },
    disable: { prepare: makeEnabled, run: () => place.api.disable('p'), read: isEnabled },
    remove: {
      prepare: (plugin, round) => (round % 2 === 0 ? makeDisabled(plugin) : makeEnabled(plugin)),
      run: (_plugin, round) => place.api.remove('p', { force: round % 2 === 1 }),
      read: isPresent,
    },
  };
}

/** The content of a data root, and the plugin of the operations in it. */
export interface InterruptedContent extends StoredContent {
  readonly plugin: StoredPlugin | undefined;
}

/**
 * Check a data root on which no operation is under way, and find the plugin of the operations.
 *
 * @throws {AssertionError} with the incomplete or leftover parts
 */
export function lookAtInterrupted(dataRoot: string): InterruptedContent {
  const content = checkDataRoot(dataRoot);
  return { ...content, plugin: content.plugins.find(({ name }) => name === 'p:latest') };
}

/**
 * Check that the root filesystem of each plugin is that of its version, and that no blob is left that no plugin names.
 *
 * @throws {AssertionError}
 */
export function checkInterrupted({ plugins, blobs }: StoredContent): void {
  for (const { name, description, rootfs } of plugins) {
    for (const file of ['data/0', 'data/99', 'last']) {
      const content = readFileSync(join(rootfs, file), 'utf8');
      assert.equal(content, description.repeat(2_000), `${file} of ${name} belongs to another version`);
    }
  }
  const referenced = new Set(plugins.flatMap((plugin) => plugin.blobs));
  assert.deepEqual(new Set(blobs), referenced, 'blobs are left that no plugin names');
}
