/**
 * The parts that operations work with. Each operation declares with `Pick` which of them it takes.
 */

import type { KeyedQueue, OperationScope } from '@outboard/async';
import type { OpenUnpackJail, ResourceUsage, RunningContainers, Workspaces } from '@outboard/container';
import type { ContentStore, RegistryClient } from '@outboard/oci';
import type { Logger } from 'pino';
import type { StagedArchives } from '../archives/staged-archives.ts';
import type { MetricsCollectors } from '../collectors/metrics-collectors.ts';
import type { AdmitOptions } from '../config/plugin-options.ts';
import type { BlobDownloads } from '../distribution/blob-downloads.ts';
import type { TransferLimits } from '../distribution/transfer-limits.ts';
import type { EnginePluginDrivers } from '../drivers/create-plugin-drivers.ts';
import type { MountLedger } from '../mounts/mount-ledger.ts';
import type { EngineEvents } from '../observe/engine-events.ts';
import type { SignaturePolicy } from '../policy/signature-policy.ts';
import type { Preflight } from '../preflight/preflight.ts';
import type { StoredReferences } from '../references/stored-references.ts';
import type { PluginGates } from '../serving/gate/plugin-gates.ts';
import type { PluginServing } from '../serving/plugin-serving.ts';
import type { Consents } from '../store/consents.ts';
import type { StateFiles } from '../store/damaged-file.ts';
import type { PluginStore } from '../store/plugin-store.ts';
import type { Supervisor } from '../supervise/supervisor.ts';
import type { ProgramArchitectures } from './program-architectures.ts';

/** The parts of one engine. */
export interface EngineContext {
  /** Data root: the directory of plugins, their content and volume records. */
  readonly dataRoot: string;
  readonly store: PluginStore;
  readonly content: ContentStore;
  readonly registry: RegistryClient;
  /** Privileges that operators granted, by manifest. */
  readonly consents: Consents;
  /** Decides from signatures whether a plugin may be installed. */
  readonly policy: SignaturePolicy;
  /** Archives that clients have sent. */
  readonly archives: StagedArchives;
  readonly supervisor: Supervisor;
  /** Directory of sockets, bundles and networks of running plugins. */
  readonly execRoot: string;
  /** Containers of running plugins, by plugin ID. */
  readonly containers: RunningContainers;
  /** Reads the usage of all plugins that run, by plugin ID. */
  readonly readAllUsage: () => Promise<ReadonlyMap<string, ResourceUsage>>;
  readonly preflight: Preflight;
  readonly workspaces: Workspaces;
  readonly openJail: OpenUnpackJail;
  /** One queue per plugin ID: operations on the same plugin run one after another. */
  readonly queue: KeyedQueue;
  /** Downloads under way, which operations share. */
  readonly downloads: BlobDownloads;
  readonly limits: TransferLimits;
  readonly references: StoredReferences;
  /** The ledger of held volumes. */
  readonly mounts: Pick<MountLedger, 'held'>;
  /** The records of volumes on disk. */
  readonly volumeRecords: StateFiles;
  /** Where calls to plugins wait while an operation stops and starts them. */
  readonly gates: PluginGates;
  /** The plugins that are enabled by wish. */
  readonly serving: PluginServing;
  /** Clients of plugins; enable, disable and remove report changes to them. */
  readonly drivers: EnginePluginDrivers;
  /** Plugins that collect the metrics of this program; absent when it serves none. */
  readonly collectors: MetricsCollectors | undefined;
  readonly architectures: ProgramArchitectures;
  readonly logger: Logger;
  /** Report an event to the listeners; called after the change is on disk. */
  readonly announce: EngineEvents['announce'];
  /** Ask the gateway about changed options. @throws {OutboardError} when it refuses them */
  readonly admitOptions: AdmitOptions;
  readonly onEvent: EngineEvents['subscribe'];
  /** Operations under way; the end of the engine aborts and awaits them. */
  readonly scope: OperationScope;
  /** Run work that no caller waits for within the scope. Its failure is logged. */
  readonly inBackground: (work: (signal: AbortSignal) => Promise<void>) => void;
}
