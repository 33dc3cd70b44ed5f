/**
 * Every system call of an operation fails once, with EIO or the error in `OUTBOARD_FAULT`. A failed operation has changed nothing, an acknowledged one
 * everything; memory, disk and the next engine agree. Every call on the data root fails in turn; of the other calls,
 * such as reads of `/proc`, `OUTBOARD_FAULTS` says how many, spread over all of them.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openPluginEngine, type PluginEngine } from '@outboard/engine';
import { makeDaemonHome } from '../support/daemon.ts';
import { checkDataRoot, readStoredPlugins, type StoredPlugin } from '../support/data-root.ts';
import {
  type CountCall,
  type FailedCall,
  withDescriptorsLeft,
  withFailingCall,
} from '../support/failing-calls.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { untilOnlyPluginsRun, untilPluginAccepts } from '../support/running-plugins.ts';
import { chooseSeed, seededRandom } from '../support/seeded-random.ts';

const skip = needsRoot;
const maxOthers = Number(process.env.OUTBOARD_FAULTS ?? 4);
const isLongRun = process.env.OUTBOARD_FAULTS !== undefined;
const seed = chooseSeed();
const random = seededRandom(seed);

let home: Awaited<ReturnType<typeof makeDaemonHome>>;
let registry: TestRegistry;
let roots: { readonly dataRoot: string; readonly execRoot: string };
let engine: PluginEngine;
const remotes: Record<
  string,
  { remote: string; privileges: Awaited<ReturnType<PluginEngine['privileges']>> }
> = {};
const ids = new Set<string>();

function archiveOf(version: string): Buffer {
  return pluginArchive({ config: { Description: version }, files: { '/version': version } });
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

before(async () => {
  if (skip !== false) return;
  home = await makeDaemonHome();
  roots = { dataRoot: join(home.home, 'data'), execRoot: join(home.home, 'run') };
  registry = await startRegistry();
  engine = await openPluginEngine(roots);
  for (const version of ['v1', 'v2']) {
    const remote = `${registry.host}/acme/p:${version}`;
    await engine.create({ name: remote, context: once(archiveOf(version)) });
    await engine.push({ plugin: remote });
    await engine.remove(remote);
    remotes[version] = { remote, privileges: await engine.privileges(remote) };
  }
});

after(async () => {
  if (skip !== false) return;
  await makeAbsent();
  await engine[Symbol.asyncDispose]();
  await registry.stop();
  await home.remove();
});

async function makeAbsent(): Promise<void> {
  for (const { id } of engine.list()) await engine.remove(id, { force: true });
}

async function makeDisabled(): Promise<void> {
  const [plugin] = engine.list();
  if (plugin === undefined) await engine.create({ name: 'p', context: once(archiveOf('v1')) });
  else if (plugin.enabled) await engine.disable('p', { force: true });
}

async function makeEnabled(): Promise<void> {
  const [plugin] = engine.list();
  if (plugin?.enabled === true) return;
  await makeDisabled();
  await engine.enable('p');
}

interface Operation {
  /** State before and after the operation. */
  readonly concernsProcesses?: true;
  readonly prepare: () => Promise<void>;
  readonly run: () => Promise<unknown>;
}

const idOf = (): string => engine.inspect('p').id;
const client = { kind: 'client', holder: 'tests' } as const;

const operations: Readonly<Record<string, Operation>> = {
  create: {
    prepare: makeAbsent,
    run: () => engine.create({ name: 'p', context: once(archiveOf('v1')) }),
  },
  pull: { prepare: makeAbsent, run: () => engine.pull({ ...remoteOf('v2'), name: 'p' }) },
  upgrade: {
    prepare: makeDisabled,
    run: () =>
      engine.upgrade({
        ...remoteOf(engine.inspect('p').config.description === 'v1' ? 'v2' : 'v1'),
        plugin: 'p',
      }),
  },
  set: {
    prepare: makeDisabled,
    run: () => engine.set('p', [stateInMemory().env?.[0] === 'DEBUG=1' ? 'DEBUG=2' : 'DEBUG=1']),
  },
  options: {
    concernsProcesses: true,
    prepare: makeEnabled,
    run: () => {
      const { limits = {} } = engine.options('p').overrides;
      return engine.update('p', { limits: { pids: limits.pids === 100 ? 200 : 100 } });
    },
  },
  enable: { concernsProcesses: true, prepare: makeDisabled, run: () => engine.enable('p') },
  disable: { concernsProcesses: true, prepare: makeEnabled, run: () => engine.disable('p') },
  hold: {
    prepare: async () => {
      await makeDisabled();
      await engine.references.remove(idOf(), client);
    },
    run: () => engine.references.add(idOf(), client),
  },
  release: {
    prepare: async () => {
      await makeDisabled();
      await engine.references.add(idOf(), client);
    },
    run: () => engine.references.remove(idOf(), client),
  },
  'remove, disabled': { prepare: makeDisabled, run: () => engine.remove('p', { force: true }) },
  'remove, enabled': {
    concernsProcesses: true,
    prepare: makeEnabled,
    run: () => engine.remove('p', { force: true }),
  },
};

function remoteOf(version: string) {
  return remotes[version] ?? assert.fail(version);
}

for (const [name, operation] of Object.entries(operations)) {
  test(`${name} is atomic, in memory and on disk, whichever system call fails`, {
    skip,
  }, async (context) => {
    let stored = 0;
    for (; (await failOnce(name, operation, stored + 1, isStored)).failed !== undefined; ) stored += 1;
    assert.ok(stored > 3, `${name} made ${stored} calls on the data root`);
    const { calls } = await failOnce(name, operation, Number.POSITIVE_INFINITY, isOther);
    const others = choosePoints(calls);
    for (const n of others) await failOnce(name, operation, n, isOther);
    context.diagnostic(
      `${stored} calls on the data root and ${others.length} of ${calls} others were made to fail`,
    );
  });
}

for (const name of ['set', 'options', 'hold', 'release', 'disable', 'remove, disabled']) {
  test(`${name} is atomic, in memory and on disk, under any limit of open files`, {
    skip,
  }, async () => {
    const operation = operations[name] ?? assert.fail(name);
    for (let left = 0; left < 6; left += 1) {
      await doOnce(name, operation, `${left} descriptors left`, async (run) => {
        await withDescriptorsLeft(left, run);
        return {};
      });
    }
  });
}

/** Calls on descriptors have no path; most concern the data root. */
function isStored({ name, subject }: FailedCall): boolean {
  return name.startsWith('FileHandle.') || subject.includes(roots.dataRoot);
}

/** Calls of libc that name nothing below the data root, of which there are hundreds, are for the long run. */
function isOther(call: FailedCall): boolean {
  return !isStored(call) && (isLongRun || !call.name.startsWith('libc.'));
}

/** One random point in each of equal parts of the range. */
function choosePoints(total: number): readonly number[] {
  const parts = Math.min(maxOthers, total);
  return Array.from({ length: parts }, (_, part) => 1 + Math.floor(((part + random()) * total) / parts));
}

/** State of the plugin, in memory or on disk. */
interface ToldState {
  readonly enabled?: boolean;
  readonly version?: string;
  readonly env?: readonly string[];
  readonly pids?: number;
  readonly uses?: readonly string[];
}

function stateInMemory(): ToldState {
  const [plugin] = engine.list();
  if (plugin === undefined) return {};
  return {
    enabled: plugin.enabled,
    version: plugin.config.description,
    env: plugin.settings.env,
    ...pidsOf(engine.options(plugin.id).overrides.limits?.pids),
    uses: engine.references.of(plugin.id).map(({ kind, holder }) => `${kind} ${holder}`),
  };
}

function stateOnDisk(): ToldState {
  const plugin = storedPlugin();
  if (plugin === undefined) return {};
  const record = readJson(join(plugin.rootfs, '..', 'config.json')) as RecordDocument;
  assert.equal(
    readFileSync(join(plugin.rootfs, 'version'), 'utf8'),
    plugin.description,
    'the tree of another version',
  );
  return {
    enabled: plugin.enabled,
    version: plugin.description,
    env: plugin.env,
    ...pidsOf(record.Outboard.Options?.Limits?.Pids),
    uses: usesOf(join(plugin.rootfs, '..', 'uses.json')),
  };
}

interface RecordDocument {
  readonly Outboard: { readonly Options?: { readonly Limits?: { readonly Pids?: number } } };
}

function pidsOf(pids: number | undefined): { readonly pids?: number } {
  return pids === undefined ? {} : { pids };
}

function usesOf(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  const { Uses } = readJson(path) as {
    readonly Uses: readonly { readonly Kind: string; readonly Holder: string }[];
  };
  return Uses.map(({ Kind, Holder }) => `${Kind} ${Holder}`);
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** The plugin as the next engine finds it; postponed clean-up does not count. */
function storedPlugin(): StoredPlugin | undefined {
  const [plugin] = readStoredPlugins(roots.dataRoot);
  if (plugin !== undefined) ids.add(plugin.id);
  return plugin;
}

/** Run an operation once and let the n-th counted call fail. */
function failOnce(name: string, operation: Operation, n: number, counts: CountCall) {
  return doOnce(name, operation, `call ${n}`, (run) => withFailingCall(n, counts, run));
}

/** Run an operation once with one fault. */
async function doOnce<Outcome extends { readonly failed?: FailedCall }>(
  name: string,
  operation: Operation,
  fault: string,
  withFault: (run: () => Promise<void>) => Promise<Outcome>,
): Promise<Outcome> {
  await operation.prepare();
  const from = stateOnDisk();
  assert.deepEqual(stateInMemory(), from, 'before');
  let refusal: unknown;
  const outcome = await withFault(async () => {
    refusal = await operation.run().then(
      () => undefined,
      (error: unknown) => error ?? new Error('it was rejected with nothing'),
    );
  });
  try {
    await checkOutcome(operation, from, refusal);
    if (fault.startsWith('call') && outcome.failed === undefined) assert.equal(refusal, undefined);
  } catch (error) {
    const { name: call, subject } = outcome.failed ?? {};
    const where = `seed ${seed}, ${name}, ${fault}: ${call} ${subject}; answered ${refusal ?? 'done'}`;
    throw new Error(`${where}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
  return outcome;
}

async function checkOutcome(operation: Operation, from: ToldState, refusal: unknown): Promise<void> {
  const to = stateOnDisk();
  assert.deepEqual(stateInMemory(), to, 'memory differs from the disk');
  if (refusal === undefined) assert.notDeepEqual(to, from, 'answered done, and nothing has changed');
  else assert.deepEqual(to, from, 'answered failed, and something has changed');
  if (operation.concernsProcesses) await checkRunning();
  await engine[Symbol.asyncDispose]();
  engine = await openPluginEngine(roots);
  assert.deepEqual(stateInMemory(), to, 'the next engine tells something else');
  const { plugins, blobs } = checkDataRoot(roots.dataRoot);
  assert.deepEqual(
    new Set(blobs),
    new Set(plugins.flatMap((plugin) => plugin.blobs)),
    'blobs that no plugin names',
  );
  assert.deepEqual(stateOnDisk(), to);
  if (operation.concernsProcesses) await checkRunning();
}

/** Enabled plugins run, all others do not. */
async function checkRunning(): Promise<void> {
  const running = engine
    .list()
    .filter(({ enabled }) => enabled)
    .map(({ id }) => id);
  for (const id of running) await untilPluginAccepts(roots.execRoot, id);
  await untilOnlyPluginsRun({ home: home.home, ...roots, daemons: [process.pid], ids: [...ids] }, running);
}
