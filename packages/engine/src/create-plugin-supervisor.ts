/**
 * Wires supervision to the parts of this host. It holds no logic of its own.
 */

import type { BridgeOptions, CgroupDriver, ContainerRuntime, RunningContainers } from '@outboard/container';
import { connectSocket } from '@outboard/protocol';
import type { Logger } from 'pino';
import type { Preflight } from './preflight/preflight.ts';
import type { PluginLayout } from './store/plugin-layout.ts';
import type { BackOff } from './supervise/back-off.ts';
import { createFailureFiles } from './supervise/failure-file.ts';
import { createPluginHost } from './supervise/host/linux-plugin-host.ts';
import { createSupervisor } from './supervise/plugin-supervisor.ts';
import type { Supervisor } from './supervise/supervisor.ts';

export interface PluginSupervisorOptions {
  readonly runtime: ContainerRuntime;
  readonly containers: Pick<RunningContainers, 'sharesMountNamespace'>;
  readonly execRoot: string;
  /** As in `PluginHostOptions`. */
  readonly metricsSocket?: string | undefined;
  /** As in `PluginHostOptions`. */
  readonly bridge?: BridgeOptions | undefined;
  /** As in `PluginHostOptions`. */
  readonly cgroupDriver: CgroupDriver;
  readonly layout: PluginLayout;
  readonly preflight: Pick<Preflight, 'clear'>;
  /** Default: 1 s, doubled up to 60 s, anew after 60 s of running. */
  readonly backOff?: Partial<BackOff> | undefined;
  readonly logger: Logger;
}

/** The supervisor of the plugins below a data root and an exec root. */
export function createPluginSupervisor(options: PluginSupervisorOptions): Supervisor {
  const { runtime, layout, logger, backOff = {} } = options;
  const host = createPluginHost(options);
  const failures = createFailureFiles(layout, logger);
  return createSupervisor({ runtime, host, failures, connect: connectSocket, backOff, logger });
}
