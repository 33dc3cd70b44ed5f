/**
 * Look-up of plugins by name and capability, over the index of the store.
 */
import { OutboardError } from '@outboard/oci';
import type { Logger } from 'pino';
import { formatInterfaceType } from '../config/interface-type.ts';
import type { PluginRecord } from '../config/plugin-config.ts';
import { servedCapabilities } from '../config/served-capabilities.ts';
import type { PluginStore } from '../store/plugin-store.ts';
import type { Supervisor } from '../supervise/supervisor.ts';
import { createDriverListeners } from './driver-listeners.ts';
import { createManagedDrivers } from './managed-drivers.ts';
import type { Capability, PluginDriver, PluginDrivers } from './plugin-drivers.ts';

export interface PluginDriversOptions {
  readonly store: Pick<PluginStore, 'find' | 'get' | 'enabledWith' | 'paths'>;
  readonly supervisor: Pick<Supervisor, 'socketPath' | 'state' | 'onChange'>;
  readonly logger: Logger;
}

/** What operations tell the look-up. */
export interface DriverChanges {
  /** A plugin was enabled: it accepts calls, and its record says so. */
  enabled(record: PluginRecord): void;
  /** A plugin that was enabled is so no more, and has stopped. @param record as it was */
  disabled(record: PluginRecord): Promise<void>;
}

/** Disposing closes all connections; calls under way fail. */
export interface EnginePluginDrivers extends PluginDrivers, AsyncDisposable {
  readonly changes: DriverChanges;
}

export function createPluginDrivers(options: PluginDriversOptions): EnginePluginDrivers {
  const { store, supervisor } = options;
  const listeners = createDriverListeners(options.logger);
  const managed = createManagedDrivers({
    socketPath: (record) => supervisor.socketPath(record),
    paths: (id) => store.paths(id),
  });
  const tellEnabled = (record: PluginRecord) => {
    listeners.tellEnabled(servedCapabilities(record.config), managed.driver(record));
  };
  // Taken back by a new daemon, or started again: as Docker, whoever listens is told anew. An enable that is under
  // way tells by itself, once the record says so.
  const stopWatching = supervisor.onChange((id, state) => {
    const record = store.get(id);
    if (state.status === 'running' && record?.enabled === true) tellEnabled(record);
  });

  return {
    async find(name, capability) {
      return managed.driver(requireServing(store.find(name), name, capability));
    },
    all: async (capability) => store.enabledWith(capability).map(managed.driver),
    enabled: (capability) => store.enabledWith(capability).map(({ name }) => name),
    onEnabled(capability, listener) {
      const stop = listeners.onEnabled(capability, listener);
      queueMicrotask(() => {
        for (const driver of runningDrivers(capability)) listeners.tellOne(capability, listener, driver);
      });
      return stop;
    },
    onDisabled: listeners.onDisabled,
    changes: {
      enabled: tellEnabled,
      async disabled(record) {
        await managed.close(record.id);
        listeners.tellDisabled(servedCapabilities(record.config), record.name);
      },
    },
    async [Symbol.asyncDispose]() {
      stopWatching();
      await managed[Symbol.asyncDispose]();
    },
  };

  function runningDrivers(capability: Capability): readonly PluginDriver[] {
    const running = store
      .enabledWith(capability)
      .filter(({ id }) => supervisor.state(id).status === 'running');
    return running.map(managed.driver);
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
