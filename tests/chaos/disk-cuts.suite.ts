/**
 * A power cut on a file system of the kernel: the requests of an operation to the disk are recorded, and the disk is laid out
 * as it was at one of them, without a part of what was not flushed. The kernel mounts it, and an engine finds each plugin
 * entirely old or entirely new, and entirely new once the operation was answered. The recovery is cut off in the same way.
 *
 * `OUTBOARD_FILE_SYSTEM` names the file system, `OUTBOARD_POWER_CUTS` sets the number of cuts per operation, and
 * `OUTBOARD_SEED` repeats the choice.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openPluginEngine, type PluginEngine } from '@outboard/engine';
import { chooseCuts, cutOperations, pushCutVersions, stateOfPlugins } from '../support/cut-operations.ts';
import { checkDataRoot } from '../support/data-root.ts';
import { needsRoot } from '../support/needs-root.ts';
import { testedRuntime } from '../support/oci-runtime.ts';
import {
  CutDisks,
  type DiskFiles,
  type FileSystemName,
  fileSystems,
  makeDisk,
  mountDisk,
  needsRecordedDisk,
  type RecordedDisk,
  recordDisk,
} from '../support/recorded-disk.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { untilPluginAccepts } from '../support/running-plugins.ts';
import { chooseSeed, seededRandom } from '../support/seeded-random.ts';
import { mountSmallTmpfs, type SmallTmpfs } from '../support/small-tmpfs.ts';

const fileSystem = (process.env.OUTBOARD_FILE_SYSTEM ?? 'ext4') as FileSystemName;
assert.ok(fileSystem in fileSystems, `OUTBOARD_FILE_SYSTEM is one of ${Object.keys(fileSystems).join(', ')}`);
const skip = needsRoot || needsRecordedDisk(fileSystem);
const seed = chooseSeed();
const random = seededRandom(seed);
const cutsPerOperation = Number(process.env.OUTBOARD_POWER_CUTS ?? 20);
/** One in so many recoveries is recorded and cut off, too. */
const cutsPerRecoveryCut = 10;

/** An operation, as numbers of requests. */
interface RecordedOperation {
  /** All before it is on the disk. */
  readonly first: number;
  readonly answered: number;
  readonly from: unknown;
  readonly to: unknown;
}

/** In memory: this machine's disk is slower than the recorded one. */
let home: SmallTmpfs;
let registry: TestRegistry;
let engine: PluginEngine;
let cutDisks: CutDisks;
const recorded = new Map<string, RecordedOperation>();
const place = {
  get engine() {
    return engine;
  },
  get registry() {
    return registry.host;
  },
};

/** After a plugin was created, it is enabled and disabled. */
const { create, ...others } = cutOperations(place);
const operations: Readonly<Record<string, (() => Promise<unknown>) | undefined>> = {
  create,
  enable: () => engine.enable('p'),
  disable: () => engine.disable('p'),
  ...others,
};

before(async () => {
  if (skip !== false) return;
  home = await mountSmallTmpfs({ bytes: 2 ** 31 });
  registry = await startRegistry();
  const files = await makeDisk(join(home.path, 'recorded'), fileSystem);
  await recordOperations(files);
  cutDisks = new CutDisks(files);
});

after(async () => {
  if (skip !== false) return;
  await registry.stop();
  await home[Symbol.asyncDispose]();
});

function openEngine(disk: string, execRoot: string): Promise<PluginEngine> {
  const dataRoot = join(disk, 'data');
  mkdirSync(dataRoot, { recursive: true });
  // A power cut ends the plugins, and so does the end of this engine.
  return openPluginEngine({ dataRoot, execRoot, runtime: testedRuntime(), liveRestore: false });
}

async function recordOperations(files: DiskFiles): Promise<void> {
  await using disk = await recordDisk(files, fileSystem, join(home.path, 'disk'));
  await using opened = await openEngine(disk.path, join(home.path, 'run'));
  engine = opened;
  await pushCutVersions(place);
  for (const name of Object.keys(operations)) recorded.set(name, await recordOperation(name, disk));
}

async function recordOperation(name: string, disk: RecordedDisk): Promise<RecordedOperation> {
  const state = () => stateOfPlugins(engine, join(disk.path, 'data'));
  await disk.flush();
  const [first, from] = [disk.requests(), state()];
  await operations[name]?.();
  return { first, answered: disk.requests(), from, to: state() };
}

for (const name of Object.keys(operations)) {
  test(`V1-V4, V6, V8 a power cut of a disk with ${fileSystem} during ${name} leaves old or new`, {
    skip,
  }, async (context) => {
    const { first, answered, from, to } = recorded.get(name) ?? assert.fail('nothing is recorded');
    assert.notDeepEqual(to, from);
    let cuts = 0;
    for (const step of chooseCuts(answered - first, cutsPerOperation, random)) {
      const share = chooseShare();
      const told = `seed ${seed}, cut after request ${step} of ${answered - first}, ${share} of the rest is lost`;
      await atCut(told, async (directory) => {
        const disk = join(directory, 'cut.img');
        cutDisks.write({ count: first + step, isLost: () => random() < share }, disk, first);
        const accept = (found: unknown) => {
          const isNew = first + step === answered || JSON.stringify(found) === JSON.stringify(to);
          assert.deepEqual(found, isNew ? to : from);
        };
        const isRecoveryCut = cuts % cutsPerRecoveryCut === 0;
        cuts += isRecoveryCut ? await cutRecovery(directory, disk, accept) : 1;
        if (!isRecoveryCut) await recover(disk, directory, accept);
      });
    }
    context.diagnostic(`${cuts} power cuts`);
  });
}

/** Part of the requests that are lost, of those that were not flushed. */
function chooseShare(): number {
  return [0, 1, random()][Math.floor(random() * 3)] ?? 0;
}

/** Work in a directory of its own. */
async function atCut(told: string, work: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(home.path, 'cut-'));
  try {
    await work(directory);
    rmSync(directory, { recursive: true });
  } catch (error) {
    throw new Error(`${told}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

/** Cut the recovery of a disk off, and recover from that. @returns number of cuts */
async function cutRecovery(directory: string, disk: string, accept: (found: unknown) => void) {
  const files: DiskFiles = { base: disk, log: join(directory, 'recovery.log') };
  const length = await recordRecovery(files, directory, accept);
  const again = new CutDisks(files);
  const cuts = chooseCuts(length, 3, random);
  for (const count of cuts) {
    const share = chooseShare();
    await atCut(`recovery cut after request ${count} of ${length}`, async (place) => {
      const target = join(place, 'cut.img');
      again.write({ count, isLost: () => random() < share }, target, 0);
      await recover(target, place, accept);
    });
  }
  return cuts.length + 1;
}

/** @returns number of requests */
async function recordRecovery(files: DiskFiles, directory: string, accept: (found: unknown) => void) {
  await using mounted = await recordDisk(files, fileSystem, join(directory, 'recovered'));
  accept(await stateAfterStart(mounted.path, join(directory, 'run')));
  return mounted.requests();
}

/** Open an engine on the remains, twice. */
async function recover(disk: string, directory: string, accept: (found: unknown) => void): Promise<void> {
  await using mounted = await mountDisk(disk, fileSystem, join(directory, 'disk'));
  const found = await stateAfterStart(mounted.path, join(directory, 'run'));
  accept(found);
  const { plugins, blobs } = checkDataRoot(join(mounted.path, 'data'));
  assert.deepEqual(new Set(blobs), new Set(plugins.flatMap((plugin) => plugin.blobs)));
  const again = await stateAfterStart(mounted.path, join(directory, 'run-again'));
  assert.deepEqual(again, found, 'the second start tells something else');
}

/** Enabled plugins must run. */
async function stateAfterStart(disk: string, execRoot: string): Promise<unknown> {
  await using opened = await openEngine(disk, execRoot);
  for (const { id, enabled } of opened.list()) if (enabled) await untilPluginAccepts(execRoot, id);
  return stateOfPlugins(opened, join(disk, 'data'));
}
