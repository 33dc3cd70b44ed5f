/**
 * The parts that operations work with. Each operation declares which of them it takes.
 */

import type { KeyedQueue } from '@outboard/async';
import type { OpenUnpackJail, RunningContainers, Workspaces } from '@outboard/container';
import type { ContentStore, RegistryClient } from '@outboard/oci';
import type { Logger } from 'pino';
import type { MetricsCollectors } from '../collectors/metrics-collectors.ts';
import type { EnginePluginDrivers } from '../drivers/create-plugin-drivers.ts';
import type { EnginePluginLogs } from '../logs/create-plugin-logs.ts';
import type { Announcement } from '../plugin-engine-contract.ts';
import type { Preflight } from '../preflight/preflight.ts';
import type { PluginStore } from '../store/plugin-store.ts';
import type { Supervisor } from '../supervise/supervisor.ts';
import type { EnginePluginUses } from '../uses/create-plugin-uses.ts';
import type { Volumes } from '../volumes/volumes.ts';

export interface EngineContext {
  /** The directory that everything is kept in. */
  readonly dataRoot: string;
  readonly store: PluginStore;
  readonly content: ContentStore;
  readonly registry: RegistryClient;
  readonly supervisor: Supervisor;
  /** Directory of sockets, bundles and networks while plugins run. */
  readonly execRoot: string;
  /** Containers of plugins that run, by plugin ID. */
  readonly containers: RunningContainers;
  /** What keeps a plugin from being started on this host. */
  readonly preflight: Preflight;
  readonly workspaces: Workspaces;
  readonly openJail: OpenUnpackJail;
  /** One queue per plugin ID: operations on the same plugin run one after another. */
  readonly queue: KeyedQueue;
  /** One queue per blob digest. */
  readonly downloads: KeyedQueue;
  /** Who needs a plugin. */
  readonly uses: EnginePluginUses;
  /** Plugins to call; enable, disable and remove tell it what changed. */
  readonly drivers: EnginePluginDrivers;
  readonly volumes: Volumes;
  /** What plugins write. */
  readonly logs: EnginePluginLogs;
  /** Plugins that read the metrics of this program; absent when it has none for them. */
  readonly collectors: MetricsCollectors | undefined;
  readonly logger: Logger;
  /** Do what no one waits for; the end of the engine aborts it and waits for it. Its failure is logged. */
  readonly inBackground: (work: (signal: AbortSignal) => Promise<void>) => void;
  /** Tell the listeners what happened; called after it is on disk. */
  readonly announce: (announcement: Announcement) => void;
}
