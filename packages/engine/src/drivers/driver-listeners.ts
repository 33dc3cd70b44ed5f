/**
 * Tells who listens for plugins of a capability that one came or went.
 */
import type { Logger } from 'pino';
import type { Capability, PluginDriver } from './plugin-drivers.ts';

type OnEnabled = (driver: PluginDriver) => void;
type OnDisabled = (name: string) => void;

export interface DriverListeners {
  onEnabled(capability: Capability, listener: OnEnabled): () => void;
  onDisabled(capability: Capability, listener: OnDisabled): () => void;
  tellEnabled(capabilities: readonly string[], driver: PluginDriver): void;
  tellDisabled(capabilities: readonly string[], name: string): void;
  /** Tell one listener, if it still listens. */
  tellOne(capability: Capability, listener: OnEnabled, driver: PluginDriver): void;
}

export function createDriverListeners(logger: Logger): DriverListeners {
  const enabled = createTopic<OnEnabled>();
  const disabled = createTopic<OnDisabled>();

  /** What happened has happened: a listener that throws must not undo it, nor keep it from the others. */
  function tell(plugin: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      logger.error({ err: error, plugin }, 'a listener of plugin drivers failed');
    }
  }

  return {
    onEnabled: enabled.add,
    onDisabled: disabled.add,
    tellEnabled(capabilities, driver) {
      for (const listener of capabilities.flatMap(enabled.of)) tell(driver.name, () => listener(driver));
    },
    tellDisabled(capabilities, name) {
      for (const listener of capabilities.flatMap(disabled.of)) tell(name, () => listener(name));
    },
    tellOne(capability, listener, driver) {
      if (enabled.of(capability).includes(listener)) tell(driver.name, () => listener(driver));
    },
  };
}

/** Listeners by capability. */
function createTopic<Listener>() {
  const listeners = new Map<string, Set<Listener>>();
  return {
    add(capability: string, listener: Listener): () => void {
      const known = listeners.get(capability) ?? new Set();
      listeners.set(capability, known.add(listener));
      return () => void known.delete(listener);
    },
    /** A snapshot: a listener may stop listening while it is told. */
    of: (capability: string): readonly Listener[] => [...(listeners.get(capability) ?? [])],
  };
}
