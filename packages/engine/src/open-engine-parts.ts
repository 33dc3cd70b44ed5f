/**
 * Opens the parts of an engine below the operations, each with its end on the stack.
 */

import { join } from 'node:path';
import { createKeyedQueue, type DisposalStack } from '@outboard/async';
import {
  type ContainerRuntime,
  cgroups,
  openConmonRuntime,
  openRunningContainers,
  openWorkspaces,
} from '@outboard/container';
import {
  type ContentStore,
  createRegistryClient,
  type FileFetcher,
  openFileContentStore,
} from '@outboard/oci';
import type { Logger } from 'pino';
import { createStagedArchives } from './archives/staged-archives.ts';
import { createMetricsCollectors } from './collectors/metrics-collectors.ts';
import { createBlobDownloads } from './distribution/blob-downloads.ts';
import { openLimitedJail, transferLimits } from './distribution/transfer-limits.ts';
import { createPluginDrivers, type PluginDriversDeps } from './drivers/create-plugin-drivers.ts';
import { createLegacyDiscovery } from './drivers/legacy/create-legacy-discovery.ts';
import { createLegacyDrivers } from './drivers/legacy/discovered-drivers.ts';
import { createPluginLogs, type EnginePluginLogs } from './logs/create-plugin-logs.ts';
import { withLogs } from './logs/logged-runtime.ts';
import type { MountLedger } from './mounts/mount-ledger.ts';
import { createFindUsers, openLedger, openMountKeeper } from './mounts/open-mounts.ts';
import { createEngineEvents } from './observe/engine-events.ts';
import { collectGarbage } from './operations/content/collect-garbage.ts';
import type { EngineContext } from './operations/engine-context.ts';
import { createAllUsageReader } from './operations/insight/resource-usage.ts';
import { createProgramArchitectures } from './operations/program-architectures.ts';
import type { PluginEngineOptions } from './plugin-engine-options.ts';
import { openSignaturePolicy, type ReloadableSignaturePolicy } from './policy/open-signature-policy.ts';
import { createPreflight } from './preflight/host-preflight.ts';
import { openStoredReferences } from './references/stored-references.ts';
import { createPluginServing } from './serving/create-plugin-serving.ts';
import { createPluginGates } from './serving/gate/create-plugin-gates.ts';
import { openConsents } from './store/consents.ts';
import { createPluginLayout, type PluginLayout } from './store/plugin-layout.ts';
import { PluginStore } from './store/plugin-store.ts';
import { createFailureFiles } from './supervise/failure-file.ts';
import { createPluginHost } from './supervise/host/linux-plugin-host.ts';
import {
  createLogDirectories,
  type HostLogPipes,
  type LogDirectories,
} from './supervise/host/log-directories.ts';
import { connectPluginSocket } from './supervise/host/open-plugin-socket.ts';
import { createSupervisor } from './supervise/plugin-supervisor.ts';
import type { Supervisor } from './supervise/supervisor.ts';
import type { OpenVolumes } from './volumes/create-volumes.ts';
import { openVolumes } from './volumes/open-volumes.ts';

/** The roots by their real paths, and a logger. */
export type OpenOptions = PluginEngineOptions & { readonly logger: Logger };

/** The parts that operations need, without the scope that they run in. */
export type EngineParts = Pick<EngineContext, Exclude<keyof EngineContext, 'scope' | 'inBackground'>>;

/** Everything below the operations of one engine. */
export interface OpenedParts {
  readonly parts: EngineParts;
  readonly policy: ReloadableSignaturePolicy;
  readonly logPipes: HostLogPipes | undefined;
  readonly volumes: OpenVolumes;
  readonly logs: EnginePluginLogs;
}

/**
 * Open all parts. No plugin is started: `supervisor.restore` does that.
 * @param stack receives the end of every part, in the order in which they depend on each other
 */
export async function openEngineParts(options: OpenOptions, stack: DisposalStack): Promise<OpenedParts> {
  const { dataRoot, execRoot, logger } = options;
  const layout = createPluginLayout(dataRoot);
  const store = await PluginStore.open(layout, logger);
  const registry = stack.use(openRegistry(options));
  const policy = await openPolicy(options, layout, registry);
  const content = await openContent(options, layout, store);
  const logs = stack.use(createPluginLogs({ layout, store, logger }));
  const events = createEngineEvents(logger);
  const { announce } = events;
  const { runtime = 'runc', valueSurroundings: values } = options;
  const preflight = createPreflight({ layout, runtime, values, logger });
  const containers = openRunningContainers({ execRoot, runtime: options.runtime, logger });
  const logDirectories = await openLogDirectories(options, store);
  const supervision = { layout, preflight, logs, containers, logDirectories };
  const supervisor = await openSupervisor(options, stack, supervision);
  supervisor.onOutOfMemory((id) => {
    const { name } = store.find(id);
    announce({ type: 'plugin', action: 'oom', id, attributes: { name } });
  });
  const calls = openCalls(options, stack, { store, supervisor, logDirectories });
  const transfers = createTransfers(options, content);
  const workspaces = stack.adopt(
    await openWorkspaces(layout.stagingDirectory, logger, transfers.openJail),
    (opened) => opened.close(),
  );
  const queue = createKeyedQueue();
  const references = await openStoredReferences({ store, queue, logger });
  if (logDirectories !== undefined) references.addSource(logDirectories.uses, logDirectories.removeReleased);
  const shared = { ...calls, store, supervisor, references, announce };
  const { volumes, mounts } = await openMountedVolumes(options, stack, shared);
  const parts: EngineParts = {
    dataRoot,
    store,
    content,
    registry,
    policy,
    consents: await openConsents(dataRoot, logger),
    archives: stack.use(openArchives(store, content, logger)),
    supervisor,
    execRoot,
    containers,
    readAllUsage: createAllUsageReader({ store, supervisor, containers }),
    preflight,
    workspaces,
    queue,
    ...transfers,
    references,
    mounts,
    volumeRecords: volumes.records,
    ...calls,
    architectures: createProgramArchitectures({ store, logger }),
    logger,
    announce,
    admitOptions: (plugin, inForce) => options.gateway?.admitOptions(plugin, inForce),
    onEvent: events.subscribe,
  };
  return { parts, policy, logPipes: logDirectories, volumes, logs };
}

/** Parts that bound and share downloads. */
function createTransfers(
  { limits }: OpenOptions,
  content: ContentStore,
): Pick<EngineContext, 'openJail' | 'downloads' | 'limits'> {
  return {
    openJail: openLimitedJail(limits),
    downloads: createBlobDownloads(content),
    limits: transferLimits(limits),
  };
}

/** Volumes, the ledger of their mounts, and what brings mounts back when a plugin was started again. */
async function openMountedVolumes(
  { dataRoot, execRoot, logger }: OpenOptions,
  stack: DisposalStack,
  deps: Pick<EngineContext, 'store' | 'supervisor' | 'drivers' | 'references' | 'serving' | 'announce'>,
): Promise<{ readonly volumes: OpenVolumes; readonly mounts: MountLedger }> {
  const { store, serving } = deps;
  const mounts = await openLedger({ ...deps, execRoot, logger });
  const findUsers = createFindUsers(deps, dataRoot);
  const directory = join(dataRoot, 'volumes');
  const volumes = await openVolumes({ ...deps, mounts, findUsers, logger, directory });
  const keeper = stack.use(
    openMountKeeper({ store, logger }, { ledger: mounts, optionsOf: volumes.optionsOf }),
  );
  serving.onBeforeServing((plugin, signal) => keeper.restore(plugin, signal));
  return { volumes, mounts };
}

/** Everything through which plugins are called. */
function openCalls(
  { execRoot, gateway, legacyDirectories, metricsSocket, logger }: OpenOptions,
  stack: DisposalStack,
  deps: Pick<EngineContext, 'store' | 'supervisor'> & Pick<PluginDriversDeps, 'logDirectories'>,
): Pick<EngineContext, 'gates' | 'drivers' | 'serving' | 'collectors'> {
  const gates = stack.use(createPluginGates({ ...deps, logger }));
  const isGatewaySocket = (path: string) => gateway?.isOwnSocket(path) ?? false;
  const discovery = createLegacyDiscovery(execRoot, legacyDirectories, isGatewaySocket);
  const legacy = createLegacyDrivers(discovery, logger);
  const drivers = stack.use(createPluginDrivers({ ...deps, gates, legacy, logger }));
  const collectors = metricsSocket && createMetricsCollectors({ drivers, logger });
  stack.use(collectors);
  return { gates, drivers, serving: createPluginServing({ ...deps, drivers, gates, logger }), collectors };
}

/** The content store, without what a killed pull or removal left in it. */
async function openContent(
  { limits, logger }: OpenOptions,
  layout: PluginLayout,
  store: PluginStore,
): Promise<ContentStore> {
  const retention = limits?.downloadRetentionSeconds;
  const content = await openFileContentStore({
    root: layout.contentDirectory,
    ingestDirectory: join(layout.contentDirectory, 'ingest'),
    freeSpaceReserve: limits?.freeSpaceReserve,
    maxIngestAgeMs: retention === undefined ? undefined : retention * 1000,
    onDamaged: (blob) =>
      logger.error(blob, 'a stored blob is damaged: it is fetched again when it is needed'),
  });
  await store.findContentOfDamaged(content);
  await collectGarbage({ store, content });
  return content;
}

function openArchives(store: PluginStore, content: ContentStore, logger: Logger) {
  return createStagedArchives({ content, logger, collect: () => collectGarbage({ store, content }) });
}

function openPolicy(
  { signaturePolicy, logger }: OpenOptions,
  { stagingDirectory }: PluginLayout,
  files: FileFetcher,
): Promise<ReloadableSignaturePolicy> {
  return openSignaturePolicy(signaturePolicy, { scratchDirectory: stagingDirectory, files, logger });
}

function openRegistry(options: OpenOptions) {
  const { registryTimeoutSeconds, userAgent = 'outboard' } = options;
  return createRegistryClient({
    configuration: options.registries,
    insecureRegistries: options.insecureRegistries,
    trustedRealms: options.trustedRealms,
    idleTimeoutMs: registryTimeoutSeconds === undefined ? undefined : registryTimeoutSeconds * 1000,
    userAgent,
  });
}

/** Parts that supervision takes. */
interface SupervisionDeps extends Pick<EngineContext, 'preflight' | 'containers'> {
  readonly layout: PluginLayout;
  readonly logs: EnginePluginLogs;
  readonly logDirectories: LogDirectories | undefined;
}

/** No FIFO of this engine is open yet. */
async function openLogDirectories(
  { logDirectory }: OpenOptions,
  store: Pick<PluginStore, 'all'>,
): Promise<LogDirectories | undefined> {
  const directories = logDirectory === undefined ? undefined : createLogDirectories(logDirectory);
  await directories?.restore(store.all().map(({ id }) => id));
  return directories;
}

async function openSupervisor(
  options: OpenOptions,
  stack: DisposalStack,
  { layout, preflight, logs, containers, logDirectories }: SupervisionDeps,
): Promise<Supervisor> {
  const { execRoot, logger, runtime: name = 'runc', liveRestore = true } = options;
  const runtime: ContainerRuntime = stack.adopt(
    await openConmonRuntime({ execRoot, runtime: name, logger }),
    (opened) => opened.release(),
  );
  const host = createPluginHost({
    layout,
    execRoot,
    containers,
    preflight,
    cgroupDriver: cgroups.chooseDriver(options.cgroupDriver),
    metricsSocket: options.metricsSocket?.path,
    logDirectories,
    bridge: options.bridge,
    values: options.valueSurroundings,
    logger,
  });
  const supervisor = createSupervisor({
    runtime: withLogs(runtime, logs),
    host,
    failures: createFailureFiles(layout, logger),
    connect: connectPluginSocket,
    backOff: options.backOff,
    logger,
  });
  stack.defer(() => supervisor.shutdown(liveRestore ? 'leave-running' : 'stop'));
  supervisor.onChange((id, state) => logs.stateChanged(id, state));
  return supervisor;
}
