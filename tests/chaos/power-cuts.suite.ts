/**
 * A power cut at any step of an operation, after which any part of what was not flushed is lost: an engine on the remains
 * finds each plugin entirely old or entirely new, and entirely new once the operation was answered. The remains are made from
 * the recorded changes. `OUTBOARD_POWER_CUTS` sets their number per operation; `OUTBOARD_SEED` repeats the choice.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openPluginEngine, type PluginEngine } from '@outboard/engine';
import { CrashStates } from '../support/crash-states.ts';
import { makeDaemonHome } from '../support/daemon.ts';
import { checkDataRoot } from '../support/data-root.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { followChanges } from '../support/recorded-changes.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { chooseSeed, seededRandom } from '../support/seeded-random.ts';

const skip = needsRoot;
const seed = chooseSeed();
const random = seededRandom(seed);
const cutsPerOperation = Number(process.env.OUTBOARD_POWER_CUTS ?? 4);

let home: Awaited<ReturnType<typeof makeDaemonHome>>;
let registry: TestRegistry;
let engine: PluginEngine;
let dataRoot: string;

before(async () => {
  if (skip !== false) return;
  home = await makeDaemonHome();
  dataRoot = join(home.home, 'data');
  registry = await startRegistry();
  engine = await openPluginEngine({ dataRoot, execRoot: join(home.home, 'run') });
  for (const version of ['v1', 'v2']) {
    await create(remote(version), version);
    await engine.push({ plugin: remote(version) });
    await engine.remove(remote(version));
  }
});

after(async () => {
  if (skip !== false) return;
  await engine.close();
  await registry.stop();
  await home.remove();
});

const remote = (version: string) => `${registry.host}/acme/p:${version}`;
const use = { kind: 'client', holder: 'tests' } as const;
const idOf = () => engine.inspect('p').id;

function create(name: string, version: string) {
  const options = { config: { Description: version }, files: { '/version': version } };
  return engine.create({ name, context: pluginContext(options) });
}

async function requestOf(version: string) {
  return { remote: remote(version), privileges: await engine.privileges(remote(version)) };
}

/** Operations in an order in which each finds what it needs. */
const operations: Readonly<Record<string, () => Promise<unknown>>> = {
  create: () => create('p', 'v1'),
  'remove, of a created plugin': () => engine.remove('p'),
  install: async () => engine.pull({ ...(await requestOf('v1')), name: 'p' }),
  set: () => engine.set('p', ['DEBUG=1']),
  options: () => engine.update('p', { limits: { pids: 100 } }),
  use: () => engine.references.add(idOf(), use),
  'end of a use': () => engine.references.remove(idOf(), use),
  upgrade: async () => engine.upgrade({ ...(await requestOf('v2')), plugin: 'p' }),
  rollback: () => engine.rollback('p'),
  'upgrade again': async () => engine.upgrade({ ...(await requestOf('v2')), plugin: 'p' }),
  'garbage collection': () => engine.collectGarbage({ all: true }),
  'remove, of an upgraded plugin': () => engine.remove('p'),
};

for (const [name, run] of Object.entries(operations)) {
  test(`V1-V4, V6, V8 a power cut during ${name} leaves old or new, whatever of it was not flushed is lost`, {
    skip,
  }, async (context) => {
    const copies = mkdtempSync(join(home.home, 'trees-'));
    const from = stateOf(engine, dataRoot);
    const states = new CrashStates(dataRoot, copies);
    await followChanges(dataRoot, (change) => states.follow(change), run);
    const to = stateOf(engine, dataRoot);
    assert.notDeepEqual(to, from);
    const cuts = chooseCuts(states.length);
    for (const at of cuts) {
      const share = [0, 1, random()][Math.floor(random() * 3)] ?? 0;
      const told = `seed ${seed}, cut after step ${at} of ${states.length}, ${share} of the rest survives`;
      const survives = () => random() < share;
      const found = await recover((target) => states.write(at, survives, target));
      const isNew = at === states.length || JSON.stringify(found) === JSON.stringify(to);
      assert.deepEqual(found, isNew ? to : from, told);
    }
    context.diagnostic(`${cuts.length} power cuts`);
  });
}

/** The end, and one random step in each of equal parts of all; a step may be cut off several times. */
function chooseCuts(length: number): readonly number[] {
  const parts = cutsPerOperation - 1;
  const steps = Array.from({ length: parts }, (_, part) => Math.floor(((part + random()) * length) / parts));
  return [...steps, length];
}

/** Open an engine on the remains, twice. @returns what it tells */
async function recover(write: (target: string) => void): Promise<unknown> {
  const place = mkdtempSync(join(home.home, 'cut-'));
  const roots = { dataRoot: join(place, 'data'), execRoot: join(place, 'run') };
  mkdirSync(roots.dataRoot);
  try {
    write(roots.dataRoot);
    const found = await stateAfterStart(roots);
    const { plugins, blobs } = checkDataRoot(roots.dataRoot);
    assert.deepEqual(new Set(blobs), new Set(plugins.flatMap((plugin) => plugin.blobs)));
    assert.deepEqual(await stateAfterStart(roots), found, 'the second start tells something else');
    return found;
  } finally {
    rmSync(place, { recursive: true });
  }
}

async function stateAfterStart(roots: {
  readonly dataRoot: string;
  readonly execRoot: string;
}): Promise<unknown> {
  await using opened = await openPluginEngine(roots);
  return stateOf(opened, roots.dataRoot);
}

/** Facts that an engine tells about its plugins, and the versions in their trees. */
function stateOf(opened: PluginEngine, root: string): unknown {
  return opened.list().map(({ id, name, enabled, config, settings }) => {
    const directory = join(root, 'plugins', id);
    const version = (tree: string) => {
      const file = join(directory, tree, 'version');
      return existsSync(file) ? readFileSync(file, 'utf8') : null;
    };
    return {
      ...{ id, name, enabled, description: config.description, env: settings.env },
      pids: opened.options(id).overrides.limits?.pids ?? null,
      uses: opened.references.of(id).map(({ kind, holder }) => `${kind} ${holder}`),
      trees: [version('rootfs'), version('rootfs.previous')],
    };
  });
}
