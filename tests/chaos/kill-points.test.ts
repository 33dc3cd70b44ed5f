/**
 * A process that is killed directly before one change of the disk or the host, for each change of an operation in turn.
 * The next process to open the roots, even if it is killed too, leaves the plugin entirely old or entirely new.
 * `OUTBOARD_KILLS` sets the number of points per operation; `OUTBOARD_SEED` repeats the choice.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openPluginEngine, type PluginEngine, type UpgradeRequest } from '@outboard/engine';
import { makeDaemonHome } from '../support/daemon.ts';
import { checkDataRoot, type StoredPlugin } from '../support/data-root.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { pidOfPlugin, untilOnlyPluginsRun, untilPluginAccepts } from '../support/running-plugins.ts';
import { chooseSeed, seededRandom } from '../support/seeded-random.ts';

const skip = needsRoot;
const seed = chooseSeed();
const random = seededRandom(seed);
const pointsPerOperation = Number(process.env.OUTBOARD_KILLS ?? 5);
const victim = fileURLToPath(new URL('victim.mjs', import.meta.url));

let home: Awaited<ReturnType<typeof makeDaemonHome>>;
let registry: TestRegistry;
let roots: { readonly dataRoot: string; readonly execRoot: string };
const remotes: Record<string, Pick<UpgradeRequest, 'remote' | 'privileges'>> = {};
const ids = new Set<string>();
/** Processes that were killed so far. */
let kills = 0;

function archiveOf(version: string): Buffer {
  return pluginArchive({ config: { Description: version }, files: { '/first': version, '/last': version } });
}

before(async () => {
  if (skip !== false) return;
  home = await makeDaemonHome();
  roots = { dataRoot: join(home.home, 'data'), execRoot: join(home.home, 'run') };
  registry = await startRegistry();
  writeFileSync(join(home.home, 'v1.tar'), archiveOf('v1'));
  await withEngine(async (engine) => {
    for (const version of ['v1', 'v2']) {
      const remote = `${registry.host}/acme/p:${version}`;
      await engine.create({ name: remote, context: once(archiveOf(version)) });
      await engine.push({ plugin: remote });
      await engine.remove(remote);
      remotes[version] = { remote, privileges: await engine.privileges(remote) };
    }
    const { id } = await engine.create({ name: 'p', context: once(archiveOf('v1')) });
    writeDockerDirectory(id);
  });
});

after(async () => {
  if (skip !== false) return;
  await withEngine((engine) => makeAbsent(engine));
  await registry.stop();
  await home.remove();
});

/** Docker's data root has the same form; its records have no fields of Outboard. */
function writeDockerDirectory(id: string): void {
  const directory = join(home.home, 'docker');
  mkdirSync(directory);
  cpSync(join(roots.dataRoot, 'plugins'), join(directory, 'plugins'), { recursive: true });
  const path = join(directory, 'plugins', id, 'config.json');
  const { Outboard: _own, ...record } = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify({ ...record, plugin: { ...record.plugin, Enabled: true } }));
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

async function withEngine<Result>(work: (engine: PluginEngine) => Promise<Result>): Promise<Result> {
  await using engine = await openPluginEngine(roots);
  return await work(engine);
}

interface Operation {
  /** The method of the engine; default the name of the operation. */
  readonly method?: string;
  readonly prepare: (engine: PluginEngine) => Promise<void>;
  readonly request: (plugin: StoredPlugin | undefined) => object;
  /** The part of the state in which old and new differ. */
  readonly read: (plugin: StoredPlugin | undefined) => unknown;
}

const isPresent = (plugin: StoredPlugin | undefined) => plugin !== undefined;
const isEnabled = (plugin: StoredPlugin | undefined) => plugin?.enabled;
const versionOf = (plugin: StoredPlugin | undefined) => [plugin?.description, plugin?.enabled];

async function makeAbsent(engine: PluginEngine): Promise<void> {
  for (const { id } of engine.list()) await engine.remove(id, { force: true });
}

async function makeDisabled(engine: PluginEngine): Promise<void> {
  const [plugin] = engine.list();
  if (plugin === undefined) await engine.create({ name: 'p', context: once(archiveOf('v1')) });
  else if (plugin.enabled) await engine.disable('p');
}

async function makeEnabled(engine: PluginEngine): Promise<void> {
  const [plugin] = engine.list();
  if (plugin?.enabled === true) return;
  await makeDisabled(engine);
  await engine.enable('p');
}

async function makeUpgraded(engine: PluginEngine): Promise<void> {
  await makeEnabled(engine);
  if (lookAtPlugin()?.previous !== undefined) return;
  for (const version of ['v1', 'v2']) {
    const remote = remotes[version];
    assert.ok(remote);
    await engine.upgrade({ ...remote, plugin: 'p', isLive: true, probationMs: 1 });
  }
}

const operations: Readonly<Record<string, Operation>> = {
  create: {
    prepare: makeAbsent,
    request: () => ({ name: 'p', archive: join(home.home, 'v1.tar') }),
    read: isPresent,
  },
  adopt: {
    prepare: makeAbsent,
    request: () => ({ directory: join(home.home, 'docker') }),
    read: isPresent,
  },
  pull: { prepare: makeAbsent, request: () => ({ ...remotes.v2, name: 'p' }), read: isPresent },
  upgrade: {
    prepare: makeDisabled,
    request: (plugin) => ({ ...remotes[plugin?.description === 'v1' ? 'v2' : 'v1'], plugin: 'p' }),
    read: (plugin) => plugin?.description,
  },
  'upgrade of an enabled plugin': {
    method: 'upgrade',
    prepare: makeEnabled,
    request: (plugin) => ({
      ...{ ...remotes[plugin?.description === 'v1' ? 'v2' : 'v1'], plugin: 'p' },
      ...{ isLive: true, probationMs: 1 },
    }),
    read: versionOf,
  },
  rollback: {
    prepare: makeUpgraded,
    request: () => ({ plugin: 'p', probationMs: 1 }),
    read: versionOf,
  },
  set: {
    prepare: makeDisabled,
    request: (plugin) => ({ plugin: 'p', args: [plugin?.env[0] === 'DEBUG=1' ? 'DEBUG=2' : 'DEBUG=1'] }),
    read: (plugin) => plugin?.env,
  },
  enable: { prepare: makeDisabled, request: () => ({ plugin: 'p' }), read: isEnabled },
  disable: { prepare: makeEnabled, request: () => ({ plugin: 'p' }), read: isEnabled },
  remove: { prepare: makeEnabled, request: () => ({ plugin: 'p', force: true }), read: isPresent },
};

for (const [name, operation] of Object.entries(operations)) {
  test(`V1-V8 after a kill before any single change of ${name}, a plugin is entirely old or entirely new`, {
    skip,
  }, async (context) => {
    const before = kills;
    const total = await killAt(name, operation, Number.POSITIVE_INFINITY);
    assert.ok(total !== undefined && total > 3, `${name} makes ${total} changes`);
    for (const point of choosePoints(total)) {
      try {
        await killAt(name, operation, point);
      } catch (error) {
        const reason = error instanceof Error ? error.message : error;
        throw new Error(`seed ${seed}, ${name}, killed at ${point} of ${total}: ${reason}`, { cause: error });
      }
    }
    context.diagnostic(`${kills - before} kills`);
  });
}

/** One random point in each of equal parts of the range. */
function choosePoints(total: number): readonly number[] {
  const parts = Math.min(pointsPerOperation, total);
  return Array.from({ length: parts }, (_, part) => 1 + Math.floor(((part + random()) * total) / parts));
}

/** @returns number of changes, if the operation completed */
async function killAt(name: string, operation: Operation, point: number): Promise<number | undefined> {
  await withEngine((engine) => operation.prepare(engine));
  const from = lookAtPlugin();
  const request = operation.request(from);
  const { method = name } = operation;
  const total = await runVictim({ phase: 'operation', killAt: point, operation: method, request });
  // Every other time the recovery is killed as well, at a random instant.
  if (point % 2 === 0) await runVictim({ phase: 'open', killAt: 1 + Math.floor(random() * 12) });
  await withEngine(() => checkWhole());
  if (total !== undefined) {
    const to = operation.read(lookAtPlugin());
    assert.notDeepEqual(to, operation.read(from), 'it was acknowledged, and is not there');
  }
  return total;
}

/** Run `victim.mjs` to its end. @returns its count of changes; undefined if it was killed first */
function runVictim(job: object): Promise<number | undefined> {
  const argument = JSON.stringify({ ...roots, ...job });
  kills += 1;
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [victim, argument], (error, stdout, stderr) => {
      if (error?.signal !== 'SIGKILL') return reject(new Error(`the victim was not killed: ${stderr}`));
      return resolve(stdout === '' ? undefined : Number(stdout));
    });
  });
}

function lookAtPlugin(): StoredPlugin | undefined {
  const { plugins } = checkDataRoot(roots.dataRoot);
  for (const { id } of plugins) ids.add(id);
  return plugins.find(({ name }) => name === 'p:latest');
}

/** Invariants that hold whenever no operation is under way. */
async function checkWhole(): Promise<void> {
  const plugin = lookAtPlugin();
  const { blobs } = checkDataRoot(roots.dataRoot);
  assert.deepEqual(new Set(blobs), new Set(plugin?.blobs), 'blobs are left that no plugin names');
  for (const file of plugin === undefined ? [] : ['first', 'last']) {
    assert.equal(readFileSync(join(plugin?.rootfs ?? '', file), 'utf8'), plugin?.description, file);
  }
  const running = plugin?.enabled === true ? [plugin.id] : [];
  for (const id of running) await untilPluginAccepts(roots.execRoot, id);
  if (plugin?.enabled === true) await untilVersionRuns(plugin);
  await untilOnlyPluginsRun({ home: home.home, ...roots, daemons: [process.pid], ids: [...ids] }, running);
}

/** Wait until the program of a plugin sees the root filesystem of the version that is installed. */
async function untilVersionRuns({ id, description }: StoredPlugin): Promise<void> {
  const deadline = AbortSignal.timeout(30_000);
  for (;;) {
    if (readVersionInside(id) === description) return;
    await delay(20, undefined, { signal: deadline });
  }
}

/** @returns undefined while the plugin does not run */
function readVersionInside(id: string): string | undefined {
  try {
    return readFileSync(`/proc/${pidOfPlugin(roots.execRoot, id)}/root/first`, 'utf8');
  } catch {
    return undefined;
  }
}
