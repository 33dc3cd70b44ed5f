/**
 * Wires supervision to the parts of this host. It holds no logic of its own.
 */
import type { Logger } from 'pino';
import type { BridgeOptions } from '../network/plugin-networks.ts';
import { connectSocket } from '../protocol/socket-handle.ts';
import type { ContainerRuntime } from '../runtime/container.ts';
import type { PluginLayout } from '../store/plugin-layout.ts';
import { createSupervisor } from './create-supervisor.ts';
import { createPluginHost } from './prepare-plugin.ts';
import type { Supervisor } from './supervisor.ts';

export interface PluginSupervisorOptions {
  readonly runtime: ContainerRuntime;
  readonly execRoot: string;
  /** As in `PluginHostOptions`. */
  readonly metricsSocket?: string;
  /** As in `PluginHostOptions`. */
  readonly bridge?: BridgeOptions;
  readonly layout: PluginLayout;
  readonly logger: Logger;
}

/** The supervisor of the plugins below a data root and an exec root. */
export function createPluginSupervisor(options: PluginSupervisorOptions): Supervisor {
  const { runtime, logger } = options;
  const host = createPluginHost(options);
  return createSupervisor({ runtime, host, connect: connectSocket, logger });
}
