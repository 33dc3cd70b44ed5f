/**
 * Status: a plugin with its state, its health, its usage and its last failure, which Docker's API does not have.
 */

import { createTurnPacer, mapBounded } from '@outboard/async';
import { type ResourceUsage, readTreeSize } from '@outboard/container';
import { optionsOf } from '../../config/options-in-force.ts';
import type { Plugin, PluginRecord } from '../../config/plugin-config.ts';
import type { SourceImageFacts } from '../../config/source-image-facts.ts';
import type { Verification } from '../../config/verification.ts';
import { areSocketLinksShort, socketLinkPath } from '../../store/socket-links.ts';
import type { PluginFailure } from '../../supervise/plugin-failure.ts';
import { hasProcess, type PluginState } from '../../supervise/supervisor.ts';
import type { EngineContext } from '../engine-context.ts';
import { readResourceUsage } from '../insight/resource-usage.ts';
import { listPlugins, type PluginFilters } from './list.ts';

/** The version of a plugin before its last upgrade. */
export interface PreviousVersionStatus {
  /** Reference that it was pulled from; absent when unknown. */
  readonly pluginReference?: string | undefined;
  /** Of its manifest. */
  readonly digest: string;
  /** Space that its root filesystem takes; absent when it cannot be found out. */
  readonly bytes?: number | undefined;
}

/** A plugin and its state at one moment. */
export interface PluginStatus {
  readonly plugin: Plugin;
  readonly state: PluginState;
  /** Result of its health check; absent while it does not run, and when it has none. */
  readonly health?: 'healthy' | 'unhealthy' | undefined;
  /** Of its manifest. */
  readonly digest: string;
  /** As in its record, such as `linux/arm64`; absent when neither index nor operator told it. */
  readonly platform?: string | undefined;
  /** Of the index that it was chosen from; absent when there was none. */
  readonly indexDigest?: string | undefined;
  /** Signatures that were verified before it was installed; absent without a signature policy. */
  readonly verification?: Verification | undefined;
  /** The image that it was made of by a creation; absent for other plugins. */
  readonly sourceImage?: SourceImageFacts | undefined;
  /** Architecture of its program, OCI image-spec's name; absent when the program does not tell it. */
  readonly architecture?: string | undefined;
  /** IPv4 on the bridge; absent from lists, while it does not run, and on other networks. */
  readonly address?: string | undefined;
  /** Resources that it uses; absent while it does not run. */
  readonly usage?: ResourceUsage | undefined;
  /** Number of its processes killed for lack of memory since its last start by an operator or a new daemon. */
  readonly outOfMemoryKills: number;
  /** Path on the host where other programs connect to it; absent while it does not run. */
  readonly socketPath?: string | undefined;
  /** The version that a roll-back returns to; absent from lists, and when there is none. */
  readonly previousVersion?: PreviousVersionStatus | undefined;
  /** Absent from lists, and when it never failed. */
  readonly lastFailure?: PluginFailure | undefined;
}

type StatusContext = Pick<
  EngineContext,
  'store' | 'supervisor' | 'execRoot' | 'containers' | 'readAllUsage' | 'architectures' | 'logger'
>;

/** The plugins that pass the filters, by name, without addresses and last failures. */
export async function listStatuses(
  context: StatusContext,
  filters?: PluginFilters,
): Promise<readonly PluginStatus[]> {
  const records = listPlugins(context, filters);
  const usage = await context.readAllUsage();
  const architectures = await findArchitectures(context, records);
  // Nothing is awaited from here on: all states are of the same moment.
  return records.map((record, index) => ({
    ...describe(context, record),
    architecture: architectures[index],
    usage: usage.get(record.id),
  }));
}

/** Few files of each root filesystem are read, mostly without waiting: in short turns. */
function findArchitectures(
  { architectures }: StatusContext,
  records: readonly PluginRecord[],
): Promise<readonly (string | undefined)[]> {
  const pacer = createTurnPacer();
  return mapBounded(records, async (record) => {
    const architecture = await architectures.find(record);
    await pacer.pause();
    return architecture;
  });
}

/**
 * One plugin, with its address and its last failure.
 * @throws {OutboardError} not-found; conflict when it is damaged; invalid when an ID prefix is ambiguous
 */
export async function readStatus(context: StatusContext, plugin: string): Promise<PluginStatus> {
  const record = context.store.find(plugin);
  const usage = await readResourceUsage(context, [record]);
  const architecture = await context.architectures.find(record);
  const address = await findAddress(context, record);
  const lastFailure = await context.supervisor.lastFailure(record.id);
  return {
    ...describe(context, record),
    architecture,
    usage: usage.get(record.id),
    address,
    previousVersion: await describePrevious(context, record),
    lastFailure,
  };
}

async function describePrevious(
  { store, logger }: StatusContext,
  { id, previous }: PluginRecord,
): Promise<PreviousVersionStatus | undefined> {
  if (previous === undefined) return undefined;
  const { pluginReference, manifestDigest: digest } = previous;
  const bytes = await readTreeSize(store.paths(id).previousRootfs).catch((error: unknown) => {
    logger.warn({ err: error, id }, 'cannot find out the size of the version before of a plugin');
    return undefined;
  });
  return { pluginReference, digest, bytes };
}

function describe(context: StatusContext, record: PluginRecord): PluginStatus {
  const { supervisor } = context;
  const state = supervisor.state(record.id);
  const isChecked = hasProcess(state) && optionsOf(record).health !== undefined;
  const health = state.status === 'unhealthy' ? 'unhealthy' : 'healthy';
  return {
    plugin: record,
    state,
    health: isChecked ? health : undefined,
    digest: record.manifestDigest,
    platform: record.platform,
    indexDigest: record.indexDigest,
    verification: record.verification,
    sourceImage: record.sourceImage,
    outOfMemoryKills: supervisor.outOfMemoryKills(record.id),
    socketPath: hasProcess(state) ? findSocket(context, record) : undefined,
  };
}

/** The short link; the socket itself where the exec root's path is too long even for the link. */
function findSocket({ execRoot, supervisor }: StatusContext, record: PluginRecord): string {
  return areSocketLinksShort(execRoot) ? socketLinkPath(execRoot, record.id) : supervisor.socketPath(record);
}

async function findAddress(
  context: StatusContext,
  { id, config }: PluginRecord,
): Promise<string | undefined> {
  if (config.network.type !== 'bridge' || !hasProcess(context.supervisor.state(id))) return undefined;
  try {
    return await context.containers.address(id);
  } catch (error) {
    context.logger.warn({ err: error, id }, 'cannot read the address of a plugin');
    return undefined;
  }
}
