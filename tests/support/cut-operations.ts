/**
 * Operations on one plugin, `p`, for tests that cut the power, and the state between which each of them changes.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PluginEngine } from '@outboard/engine';
import { pluginContext } from './plugin-archive.ts';

/** The engine of the moment, and the host and port of a registry. */
export interface CutPlace {
  readonly engine: PluginEngine;
  readonly registry: string;
}

const files = 20;

/** The version is in the config and in many files of the root filesystem, of several blocks each. */
function create({ engine }: CutPlace, name: string, version: string) {
  const names = Array.from({ length: files }, (_, index) => `/data/${index}`);
  const contents = Object.fromEntries(names.map((path) => [path, version.repeat(4_000)]));
  const options = { config: { Description: version }, files: { ...contents, '/version': version } };
  return engine.create({ name, context: pluginContext(options) });
}

const remote = ({ registry }: CutPlace, version: string) => `${registry}/acme/p:${version}`;

/** Bring both versions to the registry. */
export async function pushCutVersions(place: CutPlace): Promise<void> {
  for (const version of ['v1', 'v2']) {
    const name = remote(place, version);
    await create(place, name, version);
    await place.engine.push({ plugin: name });
    await place.engine.remove(name);
  }
}

/** Operations in an order in which each finds what it needs. @param place read at each call: its engine changes */
export function cutOperations(place: CutPlace): Readonly<Record<string, () => Promise<unknown>>> {
  const use = { kind: 'client', holder: 'tests' } as const;
  const idOf = () => place.engine.inspect('p').id;
  const requestOf = async (version: string) => {
    const name = remote(place, version);
    return { remote: name, privileges: await place.engine.privileges(name) };
  };
  return {
    create: () => create(place, 'p', 'v1'),
    'remove, of a created plugin': () => place.engine.remove('p'),
    install: async () => place.engine.pull({ ...(await requestOf('v1')), name: 'p' }),
    set: () => place.engine.set('p', ['DEBUG=1']),
    options: () => place.engine.update('p', { limits: { pids: 100 } }),
    use: () => place.engine.references.add(idOf(), use),
    'end of a use': () => place.engine.references.remove(idOf(), use),
    upgrade: async () => place.engine.upgrade({ ...(await requestOf('v2')), plugin: 'p' }),
    rollback: () => place.engine.rollback('p'),
    'upgrade again': async () => place.engine.upgrade({ ...(await requestOf('v2')), plugin: 'p' }),
    'garbage collection': () => place.engine.collectGarbage({ all: true }),
    'remove, of an upgraded plugin': () => place.engine.remove('p'),
  };
}

/** Facts that an engine tells about its plugins, and the versions in their trees. */
export function stateOfPlugins(engine: PluginEngine, dataRoot: string): unknown {
  return engine.list().map(({ id, name, enabled, config, settings }) => {
    const directory = join(dataRoot, 'plugins', id);
    return {
      ...{ id, name, enabled, description: config.description, env: settings.env },
      pids: engine.options(id).overrides.limits?.pids ?? null,
      uses: engine.references.of(id).map(({ kind, holder }) => `${kind} ${holder}`),
      trees: ['rootfs', 'rootfs.previous'].map((tree) => versionOfTree(join(directory, tree))),
    };
  });
}

/** @throws {AssertionError} if files of the tree are missing, or of another version */
function versionOfTree(tree: string): string | null {
  if (!existsSync(tree)) return null;
  const version = readFileSync(join(tree, 'version'), 'utf8');
  assert.equal(readdirSync(join(tree, 'data')).length, files, `files are missing in ${tree}`);
  for (let index = 0; index < files; index += 1) {
    const content = readFileSync(join(tree, 'data', String(index)), 'utf8');
    assert.equal(content, version.repeat(4_000), `${index} of ${tree} is incomplete, or of another version`);
  }
  return version;
}

/** The end, and one random step in each of equal parts of all. */
export function chooseCuts(length: number, count: number, random: () => number): readonly number[] {
  const parts = count - 1;
  const steps = Array.from({ length: parts }, (_, part) => Math.floor(((part + random()) * length) / parts));
  return [...steps, length];
}
