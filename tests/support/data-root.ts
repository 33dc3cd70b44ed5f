/**
 * Reads a data root from outside and asserts that it is complete: no half-made plugin, no leftover of an operation,
 * every referenced blob present and intact.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One plugin according to its record. */
export interface StoredPlugin {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly description: string;
  readonly env: readonly string[];
  /** Digests of manifest, config and layers, also of the version before. */
  readonly blobs: readonly string[];
  /** Description of the version before; undefined when none is kept. */
  readonly previous: string | undefined;
  readonly rootfs: string;
}

export interface StoredContent {
  readonly plugins: readonly StoredPlugin[];
  /** Digests of all stored blobs. */
  readonly blobs: readonly string[];
}

/**
 * Check a data root on which no operation is under way.
 *
 * @throws {AssertionError} with the incomplete or leftover parts
 */
export function checkDataRoot(dataRoot: string): StoredContent {
  const root = join(dataRoot, 'plugins');
  const names = readdirSync(root).sort();
  const ids = names.filter((name) => /^[a-f0-9]{64}$/.test(name));
  assert.deepEqual(names, [...ids, 'storage', 'tmp'], 'the directory of plugins holds something else');
  assert.deepEqual(readdirSync(join(root, 'tmp')), [], 'something is left in staging');
  assert.deepEqual(leftInIngest(join(root, 'storage', 'ingest')), [], 'something is left in ingest');
  const plugins = ids.map((id) => readPlugin(root, id));
  assert.equal(new Set(plugins.map(({ name }) => name)).size, plugins.length, 'two plugins have one name');
  const directory = join(root, 'storage', 'blobs', 'sha256');
  const blobs = readdirSync(directory).map((hex) => `sha256:${hex}`);
  for (const digest of blobs) {
    const bytes = readFileSync(join(directory, digest.slice('sha256:'.length)));
    assert.equal(`sha256:${createHash('sha256').update(bytes).digest('hex')}`, digest, 'a blob is damaged');
  }
  for (const { name, blobs: named } of plugins) {
    for (const digest of named) assert.ok(blobs.includes(digest), `${name} names ${digest}, which is absent`);
  }
  return { plugins, blobs };
}

/** The files of a directory of ingests but those that the next download of the same blob goes on with. */
function leftInIngest(directory: string): readonly string[] {
  const names = readdirSync(directory);
  return names.filter((name) => {
    const blob = /^(sha256-[0-9a-f]{64})(?:\.json)?$/.exec(name)?.[1];
    return blob === undefined || !names.includes(blob) || !names.includes(`${blob}.json`);
  });
}

/** The plugins of a data root; other files are ignored. */
export function readStoredPlugins(dataRoot: string): readonly StoredPlugin[] {
  const root = join(dataRoot, 'plugins');
  return readdirSync(root)
    .filter((name) => /^[a-f0-9]{64}$/.test(name))
    .map((id) => readRecord(root, id));
}

function readPlugin(root: string, id: string): StoredPlugin {
  const directory = join(root, id);
  const optional = ['propagated-mount', 'uses.json', 'last-failure.json', 'logs'];
  const entries = readdirSync(directory).filter((name) => !optional.includes(name));
  const plugin = readRecord(root, id);
  const trees = plugin.previous === undefined ? ['rootfs'] : ['rootfs', 'rootfs.previous'];
  assert.deepEqual(entries.sort(), ['config.json', ...trees], `something is left in ${directory}`);
  return plugin;
}

function readRecord(root: string, id: string): StoredPlugin {
  const directory = join(root, id);
  const record = JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8'));
  assert.equal(record.plugin.Id, id);
  const { Previous: previous } = record.Outboard ?? {};
  const before = previous && [previous.Manifest, previous.ConfigDigest, ...previous.Blobsums];
  return {
    id,
    name: record.plugin.Name,
    enabled: record.plugin.Enabled,
    description: record.plugin.Config.Description,
    env: record.plugin.Settings.Env,
    blobs: [record.Manifest, record.Config, ...record.Blobsums, ...(before ?? [])],
    previous: previous?.Config.Description,
    rootfs: join(directory, 'rootfs'),
  };
}
