/**
 * Wait until a plugin is ready: enabled, with a socket that accepts.
 */
import { OutboardError } from '@outboard/oci';
import type { PluginEngine } from '../plugin-engine-contract.ts';
import { hasProcess, type PluginState } from '../supervise/supervisor.ts';
import type { EngineContext } from './engine-context.ts';

/** What waiting needs. */
export interface UntilReadyParts extends Pick<EngineContext, 'store' | 'supervisor'> {
  readonly onEvent: PluginEngine['onEvent'];
}

/**
 * Resolves at once when the plugin is ready, else when it becomes so, whoever enables or restarts it meanwhile.
 * An unhealthy plugin serves, and counts as ready.
 * @throws {OutboardError} not-found, also when it is removed meanwhile; conflict when it has failed and is not tried again
 * @throws the abort reason
 */
export function untilReady(parts: UntilReadyParts, plugin: string, signal: AbortSignal): Promise<void> {
  const { id, name } = parts.store.find(plugin);
  return new Promise((resolve, reject) => {
    const look = () => {
      try {
        if (!isReady(parts.store.find(id).enabled, name, parts.supervisor.state(id))) return;
        resolve();
      } catch (error) {
        reject(error);
      }
      stop();
    };
    const abort = () => {
      reject(signal.reason);
      stop();
    };
    const unwatch = [
      parts.supervisor.onChange((changed) => {
        if (changed === id) look();
      }),
      // A plugin that runs is ready once its record says that it is enabled; the event comes after that.
      parts.onEvent((event) => {
        if (event.type === 'plugin' && event.id === id) look();
      }),
    ];
    const stop = () => {
      signal.removeEventListener('abort', abort);
      for (const off of unwatch) off();
    };
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    else look();
  });
}

/** @throws {OutboardError} conflict when it will not become ready by itself */
function isReady(enabled: boolean, name: string, state: PluginState): boolean {
  if (!enabled) return false;
  if (state.status === 'failed') {
    throw new OutboardError('conflict', `plugin ${name} has failed: ${state.reason}`);
  }
  return hasProcess(state);
}
