/**
 * Resource usage: memory, processor time and processes of running plugins, from their cgroups.
 */

import type { ResourceUsage } from '@outboard/container';
import type { Plugin } from '../../config/plugin-config.ts';
import { hasProcess } from '../../supervise/supervisor.ts';
import type { EngineContext } from '../engine-context.ts';

/**
 * Read the usage of the plugins that run, by plugin ID.
 * @param plugins default all
 * @throws {OutboardError} system when the host's mount table cannot be read
 */
export async function readResourceUsage(
  context: Pick<EngineContext, 'store' | 'supervisor' | 'containers'>,
  plugins: readonly Pick<Plugin, 'id'>[] = context.store.all(),
): Promise<ReadonlyMap<string, ResourceUsage>> {
  const running = plugins.filter(({ id }) => hasProcess(context.supervisor.state(id)));
  return context.containers.usage(running.map(({ id }) => id));
}
