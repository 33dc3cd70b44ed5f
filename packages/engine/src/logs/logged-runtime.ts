/**
 * A container runtime that writes the output of containers to plugin logs.
 */
import type { ContainerRuntime } from '@outboard/container';
import type { EnginePluginLogs } from './create-plugin-logs.ts';

/** The same runtime; each container writes to the log of the plugin with its ID. */
export function withLogs(
  runtime: ContainerRuntime,
  logs: Pick<EnginePluginLogs, 'startRun'>,
): ContainerRuntime {
  return {
    async start(request) {
      const log = await logs.startRun(request.id);
      return runtime.start({ ...request, log });
    },
    recover: () => runtime.recover(),
    release: () => runtime.release(),
  };
}
