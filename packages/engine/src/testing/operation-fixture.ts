/**
 * The parts of operations without root, containers or network: a plugin store in a temporary directory, content store and
 * registry in memory, an unpack jail without namespaces, a supervisor that starts no process.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createKeyedQueue } from '@outboard/async';
import { openWorkspaces, type RunningContainers } from '@outboard/container';
import type { Digest } from '@outboard/oci';
import {
  createMemoryContentStore,
  createMemoryRegistryClient,
  type MemoryContentStore,
  MemoryRegistry,
} from '@outboard/oci/memory';
import pino from 'pino';
import { createStagedArchives } from '../archives/staged-archives.ts';
import type { PluginRecord } from '../config/plugin-config.ts';
import { createBlobDownloads } from '../distribution/blob-downloads.ts';
import { transferLimits } from '../distribution/transfer-limits.ts';
import { createPluginDrivers } from '../drivers/create-plugin-drivers.ts';
import type { LegacyDrivers } from '../drivers/legacy-drivers.ts';
import type { HeldVolume } from '../mounts/held-volume.ts';
import { type Announcement, createEngineEvents } from '../observe/engine-events.ts';
import { createOperationMeter } from '../observe/operation-meter.ts';
import { collectGarbage } from '../operations/content/collect-garbage.ts';
import type { OperationCall } from '../operations/face-rows.ts';
import { createProgramArchitectures } from '../operations/program-architectures.ts';
import { openStoredReferences } from '../references/stored-references.ts';
import { createPluginServing } from '../serving/create-plugin-serving.ts';
import { createPluginGates } from '../serving/gate/create-plugin-gates.ts';
import { openConsents } from '../store/consents.ts';
import { createPluginLayout } from '../store/plugin-layout.ts';
import { PluginStore } from '../store/plugin-store.ts';
import { createMemorySupervisor, type MemorySupervisor } from './memory-supervisor.ts';
import { type JailHooks, openPlainJail } from './plain-jail.ts';
import { policyOf } from './policy-fixture.ts';

/** The parts that the operations of installer and control take, with those that tests change. */
export type OperationParts = Pick<
  OperationCall,
  | ('dataRoot' | 'store' | 'registry' | 'archives' | 'policy' | 'consents' | 'downloads' | 'limits')
  | ('workspaces' | 'openJail' | 'queue')
  | (
      | 'preflight'
      | 'volumeRecords'
      | 'references'
      | 'gates'
      | 'drivers'
      | 'serving'
      | 'collectors'
      | 'announce'
      | 'admitOptions'
      | 'architectures'
      | 'logger'
      | 'meter'
    )
> & {
  readonly content: MemoryContentStore;
  readonly supervisor: MemorySupervisor;
  readonly containers: RunningContainers;
  readonly mounts: { held: (driver: string) => readonly HeldVolume[] };
};

/** Operations of one engine. Disposing it deletes its data root. */
export interface OperationFixture extends AsyncDisposable {
  readonly parts: OperationParts;
  /** The only registry that can be reached, as `registry.test`. */
  readonly remote: MemoryRegistry;
  readonly jail: JailHooks;
  /** Events, oldest first. */
  readonly events: readonly Pick<Announcement, 'action' | 'id'>[];
  /** Limits that were set on containers, by plugin ID. */
  readonly limits: Map<string, Parameters<RunningContainers['setLimits']>[1]>;
  /** Content of a file in the root filesystem of a plugin. */
  rootfsFile(record: PluginRecord, name: string): string;
  /** The same in that of the version before. */
  previousFile(record: PluginRecord, name: string): string;
  /**
   * Assert that only these plugins are on disk and in memory, with exactly their content, and that no lease, ingest,
   * staging directory, upgrade or reserved name is left.
   */
  assertOnly(
    plugins: readonly Pick<PluginRecord, 'id' | 'name'>[],
    content: readonly Digest[],
  ): Promise<void>;
}

/** Options of `openOperationFixture()`. */
export interface OperationFixtureOptions {
  /** Capacity of the content store in bytes; default: no limit. */
  readonly maxContentBytes?: number | undefined;
}

/** Domain of the registry of a fixture. */
const registryDomain = 'registry.test';

/** Open the parts over an empty data root. */
export async function openOperationFixture(options: OperationFixtureOptions = {}): Promise<OperationFixture> {
  const dataRoot = await mkdtemp(join(tmpdir(), 'outboard-operation-'));
  const jail: JailHooks = {};
  const limits: OperationFixture['limits'] = new Map();
  const events: Announcement[] = [];
  const remote = new MemoryRegistry();
  const content = createMemoryContentStore({ maxBytes: options.maxContentBytes });
  const { store, ...parts } = await openParts(dataRoot, jail, events);
  const downloads = createBlobDownloads(content);
  const { logger } = parts;
  const collect = () => collectGarbage({ store, content });
  const archives = createStagedArchives({ content, collect, logger });
  return {
    parts: {
      ...parts,
      store,
      content,
      downloads,
      limits: transferLimits(),
      archives,
      registry: createMemoryRegistryClient(new Map([[registryDomain, remote]])),
      containers: createContainers(limits),
    },
    remote,
    jail,
    events,
    limits,
    rootfsFile: ({ id }, name) => readFileSync(join(store.paths(id).rootfs, name), 'utf8'),
    previousFile: ({ id }, name) => readFileSync(join(store.paths(id).previousRootfs, name), 'utf8'),
    async assertOnly(plugins, digests) {
      await assertPlugins(store, plugins);
      assert.deepEqual(content.digests.toSorted(), [...new Set(digests)].sort(), 'content');
      assert.equal(content.openIngests, 0, 'open ingests');
      assert.equal(content.openLeases, 0, 'open leases');
    },
    async [Symbol.asyncDispose]() {
      await parts.drivers[Symbol.asyncDispose]();
      await archives[Symbol.asyncDispose]();
      await parts.workspaces.close();
      await rm(dataRoot, { recursive: true });
    },
  };
}

async function openParts(dataRoot: string, jail: JailHooks, events: Announcement[]) {
  const logger = pino({ level: 'silent' });
  const layout = createPluginLayout(dataRoot);
  const store = await PluginStore.open(layout, logger);
  const openJail = (directory: string) => openPlainJail(directory, jail);
  const queue = createKeyedQueue();
  const supervisor = createMemorySupervisor();
  const engineEvents = createEngineEvents(logger);
  engineEvents.subscribe(({ type, action, id, attributes }) => {
    if (type === 'plugin') events.push({ type, action, id, attributes });
  });
  const gates = createPluginGates({ store, supervisor, logger });
  const drivers = createPluginDrivers({ store, supervisor, gates, legacy: noLegacyDrivers, logger });
  return {
    dataRoot,
    store,
    openJail,
    workspaces: await openWorkspaces(layout.stagingDirectory, logger, openJail),
    queue,
    policy: policyOf(async () => undefined),
    consents: await openConsents(dataRoot, logger),
    downloads: createKeyedQueue(),
    supervisor,
    references: await openStoredReferences({ store, queue, logger }),
    mounts: { held: (): readonly HeldVolume[] => [] },
    volumeRecords: { findDamaged: async () => [] },
    preflight: { check: async () => [], clear: async () => undefined },
    gates,
    drivers,
    serving: createPluginServing({ store, drivers, gates, logger }),
    collectors: undefined,
    announce: engineEvents.announce,
    admitOptions: () => undefined,
    architectures: createProgramArchitectures({ store, logger }),
    meter: createOperationMeter(),
    logger,
  };
}

async function assertPlugins(
  store: PluginStore,
  plugins: readonly Pick<PluginRecord, 'id' | 'name'>[],
): Promise<void> {
  const ids = plugins.map(({ id }) => id).sort();
  assert.deepEqual(
    store
      .all()
      .map(({ id }) => id)
      .sort(),
    ids,
    'records in memory',
  );
  const { pluginsDirectory, stagingDirectory } = store.layout;
  const names = await readdir(pluginsDirectory);
  assert.deepEqual(
    names.filter((name) => name !== basename(stagingDirectory)).sort(),
    ids,
    'plugin directories',
  );
  assert.deepEqual(await readdir(stagingDirectory), [], 'staging directories');
  for (const id of ids) {
    // An adopted plugin has a directory of logs before its first start.
    const files = (await readdir(store.paths(id).directory)).filter((name) => name !== 'logs');
    const previous = store.get(id)?.previous === undefined ? [] : ['rootfs.previous'];
    assert.deepEqual(files.sort(), ['config.json', 'rootfs', ...previous], 'files of a plugin');
  }
  const reopened = await PluginStore.open(store.layout, pino({ level: 'silent' }));
  assert.deepEqual(reopened.all(), store.all(), 'records on disk');
}

/** Assert that a local name is neither taken nor reserved. */
export function assertNameFree(store: PluginStore, name: string): void {
  using _reservation = store.reserveName(name);
}

const noLegacyDrivers: LegacyDrivers = {
  find: async () => undefined,
  all: async () => [],
  async [Symbol.asyncDispose]() {
    // It holds no connection.
  },
};

/** Containers of which only the limits can be set. */
function createContainers(limits: OperationFixture['limits']): RunningContainers {
  const unused = () => assert.fail('the operation does not use this');
  return {
    setLimits: async (id, given) => void limits.set(id, given),
    usage: unused,
    stats: unused,
    traffic: unused,
    address: unused,
    processes: unused,
    sharesMountNamespace: unused,
    exec: unused,
    debug: unused,
    execNames: unused,
    removeExec: unused,
  };
}
