/**
 * Top: the processes of a plugin.
 */
import { type ContainerProcess, readContainerProcesses } from '../runtime/container-processes.ts';
import { defaultCgroupsPath } from '../runtime/recover-containers.ts';
import type { EngineContext } from './engine-context.ts';
import { requireRunning } from './require-running.ts';

/** @throws {OutboardError} not-found; conflict when the plugin does not run */
export async function listPluginProcesses(
  context: Pick<EngineContext, 'store' | 'supervisor'>,
  plugin: string,
): Promise<readonly ContainerProcess[]> {
  return readContainerProcesses(defaultCgroupsPath(requireRunning(context, plugin)));
}
