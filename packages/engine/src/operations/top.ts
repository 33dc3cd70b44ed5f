/**
 * Top: the processes of a plugin.
 */
import { type ContainerProcess, findRun, readContainerProcesses } from '@outboard/container';
import type { EngineContext } from './engine-context.ts';
import { requireRunning } from './require-running.ts';

/** @throws {OutboardError} not-found; conflict when the plugin does not run */
export async function listPluginProcesses(
  context: Pick<EngineContext, 'store' | 'supervisor' | 'places'>,
  plugin: string,
): Promise<readonly ContainerProcess[]> {
  const run = await findRun(context.places, requireRunning(context, plugin));
  return run === undefined ? [] : readContainerProcesses(run.cgroupPath);
}
