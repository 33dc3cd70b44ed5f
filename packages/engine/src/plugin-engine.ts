/**
 * The contract of the engine: faces of operations on plugins, and the parts that programs call directly.
 * `openPluginEngine` makes one.
 */
import type { PluginDrivers } from './drivers/plugin-drivers.ts';
import type { EventListener } from './observe/engine-events.ts';
import type { PluginCatalog } from './operations/catalog/plugin-catalog.ts';
import type { DataCheck } from './operations/check/check-data.ts';
import type { PluginControl } from './operations/control/plugin-control.ts';
import type { PluginInsight } from './operations/insight/plugin-insight.ts';
import type { PluginInstaller } from './operations/install/plugin-installer.ts';
import type { ReloadableSignaturePolicy } from './policy/open-signature-policy.ts';
import type { PluginReferences } from './references/plugin-references.ts';
import type { PluginServing } from './serving/plugin-serving.ts';
import type { HostLogPipes } from './supervise/host/log-directories.ts';
import type { Volumes } from './volumes/volumes.ts';

/** An open engine, which is the only one of its data root. Disposing it is the same as `close()`. */
export interface PluginEngine
  extends PluginCatalog,
    PluginInstaller,
    PluginControl,
    PluginInsight,
    DataCheck,
    AsyncDisposable {
  /** Clients of plugins, by name and capability. */
  readonly drivers: PluginDrivers;
  /** Clients, volumes and mounts that need a plugin. */
  readonly references: PluginReferences;
  /** The plugins that are enabled by wish, for programs that pass calls on to them. */
  readonly serving: PluginServing;
  /** The volumes of all volume drivers. */
  readonly volumes: Volumes;
  /** FIFOs of a Docker Engine on this host for log drivers; undefined without the option `logDirectory`. */
  readonly logPipes?: HostLogPipes | undefined;
  /** The policy on signatures, which can be put in force again from its file. */
  readonly policy: Pick<ReloadableSignaturePolicy, 'current' | 'prepare'>;
  /** Call a listener for every event from now on. @returns removes the listener */
  onEvent(listener: EventListener): () => void;
  /**
   * Abort the operations under way, and leave the plugins running or stop them, as `liveRestore` says. Everything is
   * released, also when the end of one part fails.
   * @throws the error of the part that failed, or an `AggregateError` of several
   */
  close(): Promise<void>;
}
