/**
 * A power cut at any step of an operation, after which any part of what was not flushed is lost: an engine on the remains
 * finds each plugin entirely old or entirely new, and entirely new once the operation was answered. The remains are made from
 * the recorded changes. `OUTBOARD_POWER_CUTS` sets their number per operation; `OUTBOARD_SEED` repeats the choice.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openPluginEngine, type PluginEngine } from '@outboard/engine';
import { CrashStates } from '../support/crash-states.ts';
import { chooseCuts, cutOperations, pushCutVersions, stateOfPlugins } from '../support/cut-operations.ts';
import { makeDaemonHome } from '../support/daemon.ts';
import { checkDataRoot } from '../support/data-root.ts';
import { needsRoot } from '../support/needs-root.ts';
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
const place = {
  get engine() {
    return engine;
  },
  get registry() {
    return registry.host;
  },
};

before(async () => {
  if (skip !== false) return;
  home = await makeDaemonHome();
  dataRoot = join(home.home, 'data');
  registry = await startRegistry();
  engine = await openPluginEngine({ dataRoot, execRoot: join(home.home, 'run') });
  await pushCutVersions(place);
});

after(async () => {
  if (skip !== false) return;
  await engine.close();
  await registry.stop();
  await home.remove();
});

for (const [name, run] of Object.entries(cutOperations(place))) {
  test(`V1-V4, V6, V8 a power cut during ${name} leaves old or new, whatever of it was not flushed is lost`, {
    skip,
  }, async (context) => {
    const copies = mkdtempSync(join(home.home, 'trees-'));
    const from = stateOfPlugins(engine, dataRoot);
    const states = new CrashStates(dataRoot, copies);
    await followChanges(dataRoot, (change) => states.follow(change), run);
    const to = stateOfPlugins(engine, dataRoot);
    assert.notDeepEqual(to, from);
    const cuts = chooseCuts(states.length, cutsPerOperation, random);
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
  return stateOfPlugins(opened, roots.dataRoot);
}
