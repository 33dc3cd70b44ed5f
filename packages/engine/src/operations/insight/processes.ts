/**
 * Processes: the process table of a plugin's container, for `top`.
 */
import type { ContainerProcess } from '@outboard/container';
import type { EngineContext } from '../engine-context.ts';
import { requireRunning } from './require-running.ts';

/** @throws {OutboardError} not-found; conflict when the plugin does not run */
export async function listPluginProcesses(
  context: Pick<EngineContext, 'store' | 'supervisor' | 'containers'>,
  plugin: string,
): Promise<readonly ContainerProcess[]> {
  return context.containers.processes(requireRunning(context, plugin));
}
