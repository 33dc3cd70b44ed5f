/**
 * Listeners for the plugins of one capability: those that are enabled and those that are disabled.
 */
import { createListeners, type Listeners } from '@outboard/async';
import type { Logger } from 'pino';
import type { Capability, PluginDriver } from './plugin-drivers.ts';

type OnEnabled = (driver: PluginDriver) => void;
type OnDisabled = (name: string) => void;

/** Adds and notifies listeners by capability. */
export interface DriverListeners {
  /**
   * Call a listener for every plugin that is enabled from now on.
   * @param running plugins that run already; the listener is called for them too, after this call has returned
   * @returns removes the listener
   */
  onEnabled(capability: Capability, listener: OnEnabled, running: () => readonly PluginDriver[]): () => void;
  /** Call a listener with the name of every plugin that is disabled from now on. @returns removes the listener */
  onDisabled(capability: Capability, listener: OnDisabled): () => void;
  /** Never throws: an error of a listener is logged. */
  notifyEnabled(capabilities: readonly string[], driver: PluginDriver): void;
  /** Never throws: an error of a listener is logged. */
  notifyDisabled(capabilities: readonly string[], name: string): void;
}

/** Start without listeners. */
export function createDriverListeners(logger: Logger): DriverListeners {
  const report = (error: unknown, plugin: string): void => {
    logger.error({ err: error, plugin }, 'a listener of plugin drivers failed');
  };
  const newEnabled = () => createListeners<[PluginDriver]>((error, { name }) => report(error, name));
  const newDisabled = () => createListeners<[name: string]>(report);
  const enabled = new Map<string, Listeners<[PluginDriver]>>();
  const disabled = new Map<string, Listeners<[name: string]>>();

  return {
    onEnabled(capability, listener, running) {
      // A set for this listener alone, so that plugins that run are announced to it only, and only until it is removed.
      const own = newEnabled();
      const stops = [own.add(listener), of(enabled, capability, newEnabled).add(own.notify)];
      queueMicrotask(() => {
        for (const driver of running()) own.notify(driver);
      });
      return () => {
        for (const stop of stops) stop();
      };
    },
    onDisabled: (capability, listener) => of(disabled, capability, newDisabled).add(listener),
    notifyEnabled(capabilities, driver) {
      for (const capability of capabilities) enabled.get(capability)?.notify(driver);
    },
    notifyDisabled(capabilities, name) {
      for (const capability of capabilities) disabled.get(capability)?.notify(name);
    },
  };
}

/** The listeners of a capability, made when the first one is added. */
function of<Value>(listeners: Map<string, Value>, capability: string, create: () => Value): Value {
  const known = listeners.get(capability) ?? create();
  listeners.set(capability, known);
  return known;
}
