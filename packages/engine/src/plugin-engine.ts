/**
 * Wires the parts of the engine together. It holds no logic of its own: each operation is one file in `operations/`.
 */

import { join } from 'node:path';
import { createKeyedQueue, createOperationScope, type OperationScope } from '@outboard/async';
import {
  type BridgeOptions,
  type CgroupDriver,
  chooseCgroupDriver,
  lockDirectory,
  openConmonRuntime,
  openRunningContainers,
  openUnpackJail,
  openWorkspaces,
  setCloseOnExecOfInherited,
} from '@outboard/container';
import { createRegistryClient, OutboardError, openFileContentStore, type TrustedRealm } from '@outboard/oci';
import { type Logger, pino } from 'pino';
import { createMetricsCollectors } from './collectors/metrics-collectors.ts';
import { createPluginDrivers } from './drivers/create-plugin-drivers.ts';
import { createLegacyDiscovery } from './drivers/legacy/create-legacy-discovery.ts';
import type { LegacyDirectories } from './drivers/legacy/legacy-directories.ts';
import { createEngineEvents, type EngineEvents } from './engine-events.ts';
import { createPluginLogs } from './logs/create-plugin-logs.ts';
import { withLogs } from './logs/logged-runtime.ts';
import type { EngineObserver } from './observe/engine-observer.ts';
import { createOperationRunner } from './observe/run-operation.ts';
import { collectGarbage } from './operations/collect-garbage.ts';
import { inspectDamaged, listDamaged } from './operations/damaged.ts';
import type { EngineContext } from './operations/engine-context.ts';
import { endOrphanedExecs, execInPlugin, findOrphanedExecs, type OrphanedExec } from './operations/exec.ts';
import { inspectPlugin } from './operations/inspect.ts';
import { listPlugins } from './operations/list.ts';
import { findLongestStop } from './operations/longest-stop.ts';
import { createPluginOperations } from './operations/plugin-operations.ts';
import { localName } from './operations/pull.ts';
import { readResourceUsage } from './operations/resource-usage.ts';
import { readStats } from './operations/stats.ts';
import { createStatusReader } from './operations/status.ts';
import { listPluginProcesses } from './operations/top.ts';
import { untilReady } from './operations/until-ready.ts';
import { decidedOptions } from './operations/update.ts';
import type { PluginEngine } from './plugin-engine-contract.ts';
import { createPreflight } from './preflight/preflight.ts';
import { openRoots } from './roots.ts';
import { createPluginLayout } from './store/plugin-layout.ts';
import { PluginStore } from './store/plugin-store.ts';
import type { BackOff } from './supervise/back-off.ts';
import { createPluginSupervisor } from './supervise/create-plugin-supervisor.ts';
import { openPluginUses } from './uses/create-plugin-uses.ts';
import type { PluginUses } from './uses/plugin-uses.ts';
import { openVolumes, volumesWithin } from './volumes/open-volumes.ts';

export interface PluginEngineOptions {
  /** Where plugins and their content are kept, such as `/var/lib/outboard`. One engine at a time may use it. */
  readonly dataRoot: string;
  /** Where sockets and bundles live while plugins run, such as `/run/outboard`. */
  readonly execRoot: string;
  /** Where this program can be reached, told to whoever tries to use the same data root; default nowhere. */
  readonly hosts?: readonly string[];
  /** `runc` (default), `crun`, or the path of an OCI runtime. */
  readonly runtime?: string;
  /** Who makes the cgroups of plugins; default systemd where it runs the host, else the OCI runtime (`cgroupfs`). */
  readonly cgroupDriver?: CgroupDriver | undefined;
  /** Registries that may be spoken to in plain HTTP or with any certificate: `HOST[:PORT]` or CIDR. */
  readonly insecureRegistries?: readonly string[];
  /** Token servers of other hosts that may see a registry's credentials; Docker Hub's and GitLab.com's are known. */
  readonly trustedRealms?: readonly TrustedRealm[];
  /** How long a registry may send or take nothing before an operation fails, in seconds; default 60. */
  readonly registryTimeoutSeconds?: number;
  /** What registries see; default `outboard`. */
  readonly userAgent?: string;
  /** Where legacy plugins are looked for; default where Docker looks. */
  readonly legacyDirectories?: LegacyDirectories;
  /** Where this program serves metrics for plugins that collect them; default nowhere. */
  readonly metricsSocket?: MetricsSocket;
  /** Whether plugins go on running when the engine is disposed, for the next one to take back; default true. */
  readonly liveRestore?: boolean;
  /** The pauses before a plugin that failed is started again; default 1 s, doubled up to 60 s. */
  readonly backOff?: Partial<BackOff>;
  /** The network of plugins that ask for `bridge`. */
  readonly bridge?: BridgeOptions;
  /** Who counts what the engine does; default nobody. */
  readonly observer?: EngineObserver;
  /** Default: silent. */
  readonly logger?: Logger;
}

/** A unix socket that serves metrics; it stays this program's to close. */
export interface MetricsSocket {
  readonly path: string;
  /** Listen. Called once, when the data root is the engine's and no plugin is started yet: they mount the socket. */
  listen(): Promise<void>;
}

/**
 * Open the engine: finish or undo what a crash left, take back plugins that still run, start those that should.
 * Disposing it cancels what is under way, and leaves the plugins running or stops them (`liveRestore`).
 * @throws {OutboardError} conflict when another engine uses the data root; invalid for a cgroup driver that this host has not
 */
export async function openPluginEngine(given: PluginEngineOptions): Promise<PluginEngine> {
  const logger = given.logger ?? pino({ level: 'silent' });
  setCloseOnExecOfInherited();
  const roots = await openRoots(given, logger);
  const options = { ...given, ...roots };
  const lock = lockDirectory(options.dataRoot, options.hosts);
  try {
    const events = createEngineEvents(logger);
    const scope = createOperationScope(shutDown);
    const context = await openContext(options, { scope, events, logger });
    await options.metricsSocket?.listen();
    await context.supervisor.restore(
      context.store.all().filter((record) => record.enabled),
      new Set(context.store.damaged().map(({ id }) => id)),
    );
    const left = await findOrphanedExecs(context);
    return assemble(context, { observer: options.observer, scope, events, left }, async () => {
      await context.workspaces.close();
      await context.collectors?.[Symbol.asyncDispose]();
      await context.drivers[Symbol.asyncDispose]();
      await context.supervisor.shutdown(options.liveRestore === false ? 'stop' : 'leave-running');
      await context.logs[Symbol.asyncDispose]();
      await context.registry[Symbol.asyncDispose]();
      lock.release();
    });
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** What the parts of operations are opened with. */
interface ContextSurroundings {
  readonly scope: OperationScope;
  readonly events: EngineEvents;
  readonly logger: Logger;
}

async function openContext(
  options: PluginEngineOptions,
  { scope, events, logger }: ContextSurroundings,
): Promise<EngineContext> {
  const layout = createPluginLayout(options.dataRoot);
  const store = await PluginStore.open(layout, logger);
  const [content, workspaces, runtime] = await Promise.all([
    openFileContentStore({
      root: layout.contentDirectory,
      ingestDirectory: join(layout.contentDirectory, 'ingest'),
      onDamaged: (blob) =>
        logger.error(blob, 'a stored blob was damaged; it is fetched again when it is needed'),
    }),
    openWorkspaces(layout.stagingDirectory, logger),
    openConmonRuntime({ execRoot: options.execRoot, runtime: options.runtime ?? 'runc', logger }),
  ]);
  // What a killed pull or removal left behind.
  await store.findContentOfDamaged(content);
  await collectGarbage({ store, content });
  const queue = createKeyedQueue();
  const legacy = createLegacyDiscovery(options.execRoot, options.legacyDirectories);
  const metricsSocket = options.metricsSocket?.path;
  const preflight = createPreflight({ layout, runtime: options.runtime ?? 'runc', logger });
  const logs = createPluginLogs({ layout, store, logger });
  const { execRoot } = options;
  const containers = openRunningContainers({ execRoot, runtime: options.runtime, logger });
  const supervisor = createPluginSupervisor({
    containers,
    runtime: withLogs(runtime, logs),
    execRoot: options.execRoot,
    layout,
    preflight,
    cgroupDriver: chooseCgroupDriver(options.cgroupDriver),
    logger,
    ...(options.backOff !== undefined && { backOff: options.backOff }),
    ...(metricsSocket !== undefined && { metricsSocket }),
    ...(options.bridge !== undefined && { bridge: options.bridge }),
  });
  supervisor.onChange((id, state) => logs.stateChanged(id, state));
  supervisor.onOutOfMemory((id) => {
    const { name } = store.find(id);
    events.announce({ type: 'plugin', action: 'oom', id, attributes: { name } });
  });
  const drivers = createPluginDrivers({ store, supervisor, legacy, logger });
  const uses = await openPluginUses({ store, queue, logger });
  const { announce } = events;
  const directory = join(options.dataRoot, 'volumes');
  return {
    dataRoot: options.dataRoot,
    store,
    content,
    workspaces,
    logger,
    registry: createRegistryClient({
      insecureRegistries: options.insecureRegistries ?? [],
      trustedRealms: options.trustedRealms ?? [],
      ...(options.registryTimeoutSeconds !== undefined && {
        idleTimeoutMs: options.registryTimeoutSeconds * 1000,
      }),
      userAgent: options.userAgent ?? 'outboard',
    }),
    supervisor,
    execRoot: options.execRoot,
    containers,
    preflight,
    logs,
    uses,
    drivers,
    volumes: await openVolumes({ store, drivers, uses, announce, logger, directory }),
    collectors: metricsSocket === undefined ? undefined : createMetricsCollectors({ drivers, logger }),
    openJail: openUnpackJail,
    queue,
    downloads: createKeyedQueue(),
    inBackground: (work) => {
      scope.run(work).catch((error: unknown) => logger.warn({ err: error }, 'work in the background ended'));
    },
    announce,
  };
}

/** What an engine has beside the parts of its operations. */
interface EngineSurroundings {
  readonly observer: EngineObserver | undefined;
  readonly scope: OperationScope;
  readonly events: EngineEvents;
  /** Commands that are to be ended. */
  readonly left: readonly OrphanedExec[];
}

function assemble(
  context: EngineContext,
  { observer, scope, events, left }: EngineSurroundings,
  release: () => Promise<void>,
): PluginEngine {
  void scope.run(() => endOrphanedExecs(context, left));
  const statuses = createStatusReader(context);
  const run = createOperationRunner({ scope, store: context.store, observer, logger: context.logger });
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= scope.close().then(release);
    return closed;
  };
  return {
    drivers: context.drivers,
    uses: withinScope(context.uses, scope),
    volumes: volumesWithin(context.volumes, scope),
    logs: context.logs,
    list: (filters) => listPlugins(context, filters),
    inspect: (plugin) => inspectPlugin(context, plugin),
    damaged: () => listDamaged(context),
    inspectDamaged: (plugin) => inspectDamaged(context, plugin),
    state: (plugin) => context.supervisor.state(inspectPlugin(context, plugin).id),
    outOfMemoryKills: (plugin) => context.supervisor.outOfMemoryKills(inspectPlugin(context, plugin).id),
    statuses: statuses.list,
    status: statuses.read,
    untilReady: (plugin, options = {}) =>
      scope.run(
        (signal) => untilReady({ ...context, onEvent: events.subscribe }, plugin, signal),
        options.signal,
      ),
    preflight: async (plugin) => context.preflight.check(context.store.find(plugin)),
    options: (plugin) => decidedOptions(context, plugin),
    localName,
    ...createPluginOperations(context, run),
    logIn: (serverAddress, credentials, options = {}) =>
      scope.run((signal) => context.registry.logIn(serverAddress, credentials, { signal }), options.signal),
    resourceUsage: () => readResourceUsage(context),
    stats: (plugins) => readStats(context, plugins),
    processes: (plugin) => listPluginProcesses(context, plugin),
    exec: (plugin, request, options) => execInPlugin(context, scope, plugin, request, options),
    longestStopMs: () => findLongestStop(context),
    onEvent: events.subscribe,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Uses whose changes end with the engine. */
function withinScope(uses: PluginUses, scope: OperationScope): PluginUses {
  return {
    of: uses.of,
    hold: (pluginId, use) => scope.run(() => uses.hold(pluginId, use)),
    release: (pluginId, use) => scope.run(() => uses.release(pluginId, use)),
    addSource: uses.addSource,
  };
}

function shutDown(): OutboardError {
  return new OutboardError('unavailable', 'the plugin system shuts down');
}
