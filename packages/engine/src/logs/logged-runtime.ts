/**
 * A container runtime whose containers' output is kept.
 */
import type { ContainerRuntime } from '@outboard/container';
import type { EnginePluginLogs } from './create-plugin-logs.ts';

/** The same runtime; each container that it starts writes to the log of the plugin with its ID. */
export function withLogs(
  runtime: ContainerRuntime,
  logs: Pick<EnginePluginLogs, 'startRun'>,
): ContainerRuntime {
  return {
    async start(request) {
      const log = await logs.startRun(request.id);
      return runtime.start({ ...request, ...(log !== undefined && { log }) });
    },
    recover: () => runtime.recover(),
    release: () => runtime.release(),
  };
}
