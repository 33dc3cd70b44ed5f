/**
 * A daemon that is killed at a random instant of an operation. The next daemon finds each plugin entirely old or
 * entirely new, starts what is enabled and removes leftovers. `OUTBOARD_SEED` repeats a run as far as randomness goes;
 * `OUTBOARD_KILLS` sets the number of kills.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { checkDataRoot, type StoredContent, type StoredPlugin } from '../support/data-root.ts';
import { needsRoot } from '../support/needs-root.ts';
import { type PluginApi, pluginApi } from '../support/plugin-api.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { pidOfPlugin, untilOnlyPluginsRun, untilPluginAccepts } from '../support/running-plugins.ts';
import { chooseSeed, seededRandom } from '../support/seeded-random.ts';

const skip = needsRoot;
const seed = chooseSeed();
const random = seededRandom(seed);
const kills = Number(process.env.OUTBOARD_KILLS ?? 8);
/** A slow machine skips some kills; with `OUTBOARD_KILLS` it skips none. */
const maxMsPerOperation = process.env.OUTBOARD_KILLS === undefined ? 8_000 : Number.POSITIVE_INFINITY;

let home: Awaited<ReturnType<typeof makeDaemonHome>>;
let registry: TestRegistry;
let daemon: TestDaemon;
let api: PluginApi;
/** Runs during all kills, which must not affect it. */
let bystander: { readonly id: string; readonly pid: number };
const ids = new Set<string>();

const versions = ['v1', 'v2'] as const;
type Version = (typeof versions)[number];
const remote = (version: Version) => `${registry.host}/acme/p:${version}`;

/** The version is in the config and in many files of the root filesystem. */
function archiveOf(version: Version): Buffer {
  const names = Array.from({ length: 100 }, (_, index) => `/data/${index}`);
  const files = Object.fromEntries([...names, '/last'].map((name) => [name, version.repeat(2_000)]));
  return pluginArchive({ config: { Description: version }, files });
}

before(async () => {
  if (skip !== false) return;
  home = await makeDaemonHome();
  registry = await startRegistry();
  await startNext();
  for (const version of versions) {
    await api.create(remote(version), archiveOf(version));
    await api.push(remote(version));
    await api.remove(remote(version));
  }
  await api.create('bystander', archiveOf('v1'));
  await api.enable('bystander');
  const [{ id } = assert.fail('no plugin')] = checkDataRoot(daemon.dataRoot).plugins;
  bystander = { id, pid: pidOfPlugin(daemon.execRoot, id) };
});

after(async () => {
  if (skip !== false) return;
  for (const name of ['p', 'bystander']) await api.remove(name, { force: true }).catch(() => undefined);
  await daemon.end('SIGTERM');
  await registry.stop();
  await home.remove();
});

async function startNext(): Promise<void> {
  daemon = await startDaemon({ home: home.home });
  api = pluginApi(daemon.socket);
}

/** One operation on the plugin `p`, and its permitted results. */
interface Operation {
  /** Bring the plugin to the state in which the operation starts. */
  readonly prepare: (plugin: StoredPlugin | undefined, round: number) => Promise<void>;
  readonly run: (plugin: StoredPlugin | undefined, round: number) => Promise<unknown>;
  /** The part of the state in which old and new differ. */
  readonly read: (plugin: StoredPlugin | undefined) => unknown;
}

const isPresent = (plugin: StoredPlugin | undefined) => plugin !== undefined;
const isEnabled = (plugin: StoredPlugin | undefined) => plugin?.enabled;

async function makeAbsent(plugin: StoredPlugin | undefined): Promise<void> {
  if (plugin !== undefined) await api.remove('p', { force: true });
}

async function makeDisabled(plugin: StoredPlugin | undefined): Promise<void> {
  if (plugin === undefined) await api.create('p', archiveOf('v1'));
  else if (plugin.enabled) await api.disable('p');
}

async function makeEnabled(plugin: StoredPlugin | undefined): Promise<void> {
  if (plugin === undefined) await api.create('p', archiveOf('v1'));
  if (plugin?.enabled !== true) await api.enable('p');
}

const operations: Readonly<Record<string, Operation>> = {
  create: { prepare: makeAbsent, run: () => api.create('p', archiveOf('v1')), read: isPresent },
  pull: { prepare: makeAbsent, run: () => api.pull(remote('v2'), 'p'), read: isPresent },
  upgrade: {
    prepare: makeDisabled,
    run: (plugin) => api.upgrade('p', remote(plugin?.description === 'v1' ? 'v2' : 'v1')),
    read: (plugin) => plugin?.description,
  },
  set: {
    prepare: makeDisabled,
    run: (_plugin, round) => api.set('p', `DEBUG=${round}-${'x'.repeat(20_000)}`),
    read: (plugin) => plugin?.env,
  },
  enable: { prepare: makeDisabled, run: () => api.enable('p'), read: isEnabled },
  disable: { prepare: makeEnabled, run: () => api.disable('p'), read: isEnabled },
  remove: {
    prepare: (plugin, round) => (round % 2 === 0 ? makeDisabled(plugin) : makeEnabled(plugin)),
    run: (_plugin, round) => api.remove('p', { force: round % 2 === 1 }),
    read: isPresent,
  },
};

for (const [name, operation] of Object.entries(operations)) {
  test(`V1-V10 after the daemon is killed during ${name}, the next one has lost nothing and leaves nothing behind`, {
    skip,
  }, async (context) => {
    // Duration of the operation without a kill, in milliseconds, as measured so far.
    let durationMs = 300;
    const startedAt = performance.now();
    let round = 0;
    for (; round < kills && performance.now() - startedAt < maxMsPerOperation; round += 1) {
      const delayMs = random() * 1.2 * durationMs;
      const told = `seed ${seed}, ${name}, kill ${round} after ${delayMs.toFixed(1)} ms`;
      try {
        const tookMs = await killDuring(operation, round, delayMs);
        if (tookMs !== undefined) durationMs = tookMs;
        else durationMs = Math.max(durationMs, delayMs * 1.3);
      } catch (error) {
        const log = daemon.log();
        // Later tests and the clean-up need a running daemon.
        await daemon.end('SIGKILL');
        await startNext();
        throw new Error(`${told}: ${error instanceof Error ? error.message : error}\n${log}`, {
          cause: error,
        });
      }
    }
    context.diagnostic(`${round} kills`);
  });
}

/** @returns duration of the operation, if it was acknowledged before the kill */
async function killDuring(operation: Operation, round: number, delayMs: number): Promise<number | undefined> {
  await operation.prepare(lookAtPlugin().plugin, round);
  const { plugin: from } = lookAtPlugin();
  const begunAt = performance.now();
  const outcome = operation.run(from, round).then(
    () => ({ tookMs: performance.now() - begunAt }),
    (error: unknown) => {
      // A kill breaks the connection; an error response is a fault.
      if (error instanceof assert.AssertionError) throw error;
      return {};
    },
  );
  outcome.catch(() => undefined);
  await delay(delayMs);
  await daemon.end('SIGKILL');
  const { tookMs }: { tookMs?: number } = await outcome;

  await startNext();
  await checkWhole();
  const { plugin: to } = lookAtPlugin();
  if (tookMs !== undefined) {
    assert.notDeepEqual(operation.read(to), operation.read(from), 'it was acknowledged, and is not there');
  }
  return tookMs;
}

function lookAtPlugin(): StoredContent & { readonly plugin: StoredPlugin | undefined } {
  const content = checkDataRoot(daemon.dataRoot);
  for (const { id } of content.plugins) ids.add(id);
  return { ...content, plugin: content.plugins.find(({ name }) => name === 'p:latest') };
}

/** Invariants that hold whenever no operation is under way. */
async function checkWhole(): Promise<void> {
  const { plugins, blobs } = lookAtPlugin();
  for (const { name, description, rootfs } of plugins) {
    for (const file of ['data/0', 'data/99', 'last']) {
      const content = readFileSync(join(rootfs, file), 'utf8');
      assert.equal(content, description.repeat(2_000), `${file} of ${name} belongs to another version`);
    }
  }
  const referenced = new Set(plugins.flatMap((plugin) => plugin.blobs));
  assert.deepEqual(new Set(blobs), referenced, 'blobs are left that no plugin names');
  const running = plugins.filter(({ enabled }) => enabled).map(({ id }) => id);
  for (const id of running) await untilPluginAccepts(daemon.execRoot, id);
  const { execRoot, pid } = daemon;
  await untilOnlyPluginsRun({ home: home.home, execRoot, daemons: [pid], ids: [...ids] }, running);
  assert.equal(pidOfPlugin(execRoot, bystander.id), bystander.pid, 'a plugin was restarted');
}
