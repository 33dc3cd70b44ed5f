/**
 * Status: what plugins are and do now, beyond what Docker tells of them.
 */

import { mapBounded } from '@outboard/async';
import { cleanAbsolutePath, readProgramArchitecture } from '@outboard/container';
import type { PluginRecord } from '../config/plugin-config.ts';
import type { PluginFilters, PluginStatus } from '../plugin-engine-contract.ts';
import { areSocketLinksShort, socketLinkPath } from '../store/socket-links.ts';
import { hasProcess } from '../supervise/supervisor.ts';
import type { EngineContext } from './engine-context.ts';
import { inspectPlugin } from './inspect.ts';
import { listPlugins } from './list.ts';
import { readResourceUsage } from './resource-usage.ts';

type StatusContext = Pick<EngineContext, 'store' | 'supervisor' | 'execRoot' | 'containers' | 'logger'>;

/** Tells of plugins. */
export interface StatusReader {
  /** The plugins that pass the filters, by name. Their last failures are left out. */
  list(filters?: PluginFilters): Promise<readonly PluginStatus[]>;
  /** One plugin, with its address and its last failure. @throws {OutboardError} as `inspectPlugin` */
  read(plugin: string): Promise<PluginStatus>;
}

export function createStatusReader(context: StatusContext): StatusReader {
  const { store, supervisor, logger } = context;
  /** Of each version of a record, so that a list reads no program twice. */
  const architectures = new WeakMap<PluginRecord, Promise<string | undefined>>();

  function findArchitecture(record: PluginRecord): Promise<string | undefined> {
    const known = architectures.get(record);
    if (known !== undefined) return known;
    const { id, config, settings } = record;
    const program = {
      name: config.entrypoint?.[0] ?? '',
      workDir: cleanAbsolutePath(config.workDir) ?? '/',
      env: settings.env,
    };
    const found = readProgramArchitecture(store.paths(id).rootfs, program).catch((error: unknown) => {
      logger.warn({ err: error, id }, 'cannot read for which processor a plugin was built');
      return undefined;
    });
    architectures.set(record, found);
    return found;
  }

  async function findAddress({ id, config }: PluginRecord): Promise<string | undefined> {
    if (config.network.type !== 'bridge' || !hasProcess(supervisor.state(id))) return undefined;
    try {
      return await context.containers.address(id);
    } catch (error) {
      logger.warn({ err: error, id }, 'cannot read which address a plugin has');
      return undefined;
    }
  }

  /** Where other programs dial it: the socket itself where the exec root is too long for a link to help. */
  function findSocket(record: PluginRecord): string | undefined {
    if (!hasProcess(supervisor.state(record.id))) return undefined;
    const { execRoot } = context;
    return areSocketLinksShort(execRoot)
      ? socketLinkPath(execRoot, record.id)
      : supervisor.socketPath(record);
  }

  function describe(
    record: PluginRecord,
    architecture: string | undefined,
    usage: PluginStatus['usage'],
  ): PluginStatus {
    const state = supervisor.state(record.id);
    const isChecked = hasProcess(state) && record.options.health !== undefined;
    const socketPath = findSocket(record);
    return {
      plugin: record,
      state,
      ...(isChecked && { health: state.status === 'unhealthy' ? 'unhealthy' : 'healthy' }),
      digest: record.manifestDigest,
      outOfMemoryKills: supervisor.outOfMemoryKills(record.id),
      ...(architecture !== undefined && { architecture }),
      ...(usage !== undefined && { usage }),
      ...(socketPath !== undefined && { socketPath }),
    };
  }

  return {
    async list(filters) {
      const records = listPlugins(context, filters);
      const usage = await readResourceUsage(context);
      const found = await mapBounded(records, findArchitecture);
      // From here on nothing is awaited: the states are those of one moment.
      return records.map((record, index) => describe(record, found[index], usage.get(record.id)));
    },
    async read(plugin) {
      const record = inspectPlugin(context, plugin);
      const usage = await readResourceUsage(context, [record]);
      const architecture = await findArchitecture(record);
      const address = await findAddress(record);
      const lastFailure = await supervisor.lastFailure(record.id);
      return {
        ...describe(record, architecture, usage.get(record.id)),
        ...(address !== undefined && { address }),
        ...(lastFailure !== undefined && { lastFailure }),
      };
    },
  };
}
