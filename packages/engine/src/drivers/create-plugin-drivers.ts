/**
 * Look-up of plugins by name and capability, over the index of the store.
 */
import { isOutboardError, OutboardError } from '@outboard/oci';
import type { Logger } from 'pino';
import { formatInterfaceType } from '../config/interface-type.ts';
import type { PluginRecord } from '../config/plugin-config.ts';
import { servedCapabilities } from '../config/served-capabilities.ts';
import type { PluginGates } from '../serving/gate/plugin-gates.ts';
import type { PluginStore } from '../store/plugin-store.ts';
import type { LogDirectories } from '../supervise/host/log-directories.ts';
import { hasProcess, type Supervisor } from '../supervise/supervisor.ts';
import { createDriverListeners, type DriverListeners } from './driver-listeners.ts';
import type { LegacyDrivers } from './legacy-drivers.ts';
import { createManagedDrivers, type ManagedDrivers } from './managed-drivers.ts';
import type { Capability, PluginDriver, PluginDrivers } from './plugin-drivers.ts';

/** Parts of the look-up. */
export interface PluginDriversDeps {
  readonly store: Pick<PluginStore, 'find' | 'get' | 'enabledWith' | 'paths'>;
  readonly supervisor: Pick<Supervisor, 'socketPath' | 'state' | 'onChange'>;
  readonly logDirectories?: Pick<LogDirectories, 'directory'> | undefined;
  /** Where calls to managed plugins wait. */
  readonly gates: Pick<PluginGates, 'enter'>;
  /** Plugins that no engine manages; disposed with the look-up. */
  readonly legacy: LegacyDrivers;
  readonly logger: Logger;
}

/** Changes that operations announce to the look-up. */
export interface DriverChanges {
  /** A plugin accepts calls, and its record says that it is enabled. */
  enabled(record: PluginRecord): void;
  /** A plugin was disabled and has stopped. @param record its record from before */
  disabled(record: PluginRecord): Promise<void>;
  /**
   * Another version is started in place of the one that ran; its record need not be saved yet. Called with the old record
   * again when that does not succeed.
   */
  switched(record: PluginRecord): Promise<void>;
  /** The version that was switched to stays, and its record is saved. */
  upgraded(before: PluginRecord, after: PluginRecord): void;
}

/** Disposing closes all connections; calls under way fail. */
export interface EnginePluginDrivers extends PluginDrivers, AsyncDisposable {
  readonly changes: DriverChanges;
  /** The driver of an enabled plugin; the same client until it is disabled or upgraded. */
  of(record: PluginRecord): PluginDriver;
  /**
   * A driver of the version that runs, whose calls pass the gate by: for the work before the gate opens. Undefined when the
   * plugin was removed.
   */
  ungated(id: string): PluginDriver | undefined;
}

/** Start to look up plugins; listeners are notified from now on. */
export function createPluginDrivers(deps: PluginDriversDeps): EnginePluginDrivers {
  const { store, supervisor, legacy } = deps;
  const listeners = createDriverListeners(deps.logger);
  const managed = createManagedDrivers({
    socketPath: (record) => supervisor.socketPath(record),
    paths: (id) => store.paths(id),
    logDirectory: deps.logDirectories?.directory,
    record: (id) => store.get(id),
    gates: deps.gates,
  });
  const changes = driverChanges(managed, listeners);
  // As in Docker, listeners are notified again of a plugin that a new daemon recovers or that restarts. An enable in
  // progress notifies them itself, after its record is written.
  const stopWatching = supervisor.onChange((id, state, before) => {
    if (hasProcess(before) || !hasProcess(state)) return;
    const record = store.get(id);
    if (record?.enabled === true) changes.enabled(record);
  });
  const runningDrivers = (capability: Capability) =>
    store
      .enabledWith(capability)
      .filter(({ id }) => hasProcess(supervisor.state(id)))
      .map(managed.driver);

  return {
    async find(name, capability, cancellable) {
      const record = findRecord(store, name);
      if (record !== undefined) return managed.driver(requireServing(record, name, capability));
      const driver = await legacy.find(name, capability, cancellable);
      if (driver !== undefined) return driver;
      throw new OutboardError('not-found', `plugin ${JSON.stringify(name)} not found`);
    },
    async all(capability, cancellable) {
      const found = await legacy.all(capability, (name) => isHidden(store, name), cancellable);
      return [...store.enabledWith(capability).map(managed.driver), ...found];
    },
    enabled: (capability) => store.enabledWith(capability).map(({ name }) => name),
    onEnabled: (capability, listener) =>
      listeners.onEnabled(capability, listener, () => runningDrivers(capability)),
    onDisabled: listeners.onDisabled,
    changes,
    of: managed.driver,
    ungated: managed.ungated,
    async [Symbol.asyncDispose]() {
      stopWatching();
      await legacy[Symbol.asyncDispose]();
      await managed[Symbol.asyncDispose]();
    },
  };
}

function driverChanges(managed: ManagedDrivers, listeners: DriverListeners): DriverChanges {
  return {
    enabled: (record) => listeners.notifyEnabled(servedCapabilities(record.config), managed.driver(record)),
    async disabled(record) {
      await managed.close(record.id);
      listeners.notifyDisabled(servedCapabilities(record.config), record.name);
    },
    switched: managed.switchTo,
    upgraded(before, after) {
      const [old, now] = [servedCapabilities(before.config), servedCapabilities(after.config)];
      const added = now.filter((capability) => !old.includes(capability));
      const lost = old.filter((capability) => !now.includes(capability));
      listeners.notifyDisabled(lost, after.name);
      if (added.length > 0) listeners.notifyEnabled(added, managed.driver(after));
    },
  };
}

/** @returns undefined when no managed plugin has the name. @throws {OutboardError} invalid for an ambiguous ID prefix */
function findRecord(store: Pick<PluginStore, 'find'>, name: string): PluginRecord | undefined {
  try {
    return store.find(name);
  } catch (error) {
    if (isOutboardError(error, 'not-found')) return undefined;
    throw error;
  }
}

/** True if a managed plugin has the name or ID prefix, so that a legacy plugin of the name is never found. */
function isHidden(store: Pick<PluginStore, 'find'>, name: string): boolean {
  try {
    return findRecord(store, name) !== undefined;
  } catch (error) {
    if (isOutboardError(error, 'invalid')) return true;
    throw error;
  }
}

function requireServing(record: PluginRecord, typed: string, capability: Capability): PluginRecord {
  if (!record.enabled) throw new OutboardError('conflict', `plugin ${typed} found but disabled`);
  if (servedCapabilities(record.config).includes(capability)) return record;
  const types = (record.config.interface.types ?? []).map(formatInterfaceType).join(', ');
  throw new OutboardError(
    'invalid',
    `plugin does not provide "${capability}" capability: ${record.name} serves ${types || 'none'}`,
  );
}
