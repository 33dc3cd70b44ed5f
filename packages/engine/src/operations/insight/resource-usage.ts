/**
 * Resource usage: memory, processor time and processes of running plugins, from their cgroups.
 */

import { shareRuns } from '@outboard/async';
import type { ResourceUsage, RunningContainers } from '@outboard/container';
import type { Plugin } from '../../config/plugin-config.ts';
import type { PluginStore } from '../../store/plugin-store.ts';
import { hasProcess, type Supervisor } from '../../supervise/supervisor.ts';
import type { EngineContext } from '../engine-context.ts';

interface UsageSources {
  readonly store: Pick<PluginStore, 'all'>;
  readonly supervisor: Pick<Supervisor, 'state'>;
  readonly containers: Pick<RunningContainers, 'usage'>;
}

/**
 * Read the usage of those of some plugins that run, by plugin ID.
 * @throws {OutboardError} system when the host's mount table cannot be read
 */
export async function readResourceUsage(
  { supervisor, containers }: Pick<UsageSources, 'supervisor' | 'containers'>,
  plugins: readonly Pick<Plugin, 'id'>[],
): Promise<ReadonlyMap<string, ResourceUsage>> {
  const running = plugins.filter(({ id }) => hasProcess(supervisor.state(id)));
  return containers.usage(running.map(({ id }) => id));
}

/** Callers share readings: each takes hundreds of system calls. They reject as `readResourceUsage`. */
export function createAllUsageReader(sources: UsageSources): EngineContext['readAllUsage'] {
  return shareRuns(() => readResourceUsage(sources, sources.store.all()));
}
