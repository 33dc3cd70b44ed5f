/**
 * Wait until a plugin is ready: enabled, with a socket that accepts connections.
 */
import { rejectOnAbort, withResolvers } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import { hasProcess, type PluginState } from '../../supervise/supervisor.ts';
import type { EngineContext } from '../engine-context.ts';

/** Parts that waiting takes. */
export type UntilReadyContext = Pick<EngineContext, 'store' | 'supervisor' | 'onEvent'>;

/**
 * Resolves at once when the plugin is ready, else as soon as a start or restart makes it so. An unhealthy plugin counts
 * as ready, because it serves.
 * @throws {OutboardError} not-found, also when it is removed meanwhile; conflict when it has failed and is not restarted
 * @throws the signal's reason
 */
export async function untilReady(
  context: UntilReadyContext,
  plugin: string,
  signal: AbortSignal,
): Promise<void> {
  const { id, name } = context.store.find(plugin);
  signal.throwIfAborted();
  const ready = withResolvers<void>();
  const check = () => {
    try {
      if (isReady(context.store.find(id).enabled, name, context.supervisor.state(id))) ready.resolve();
    } catch (error) {
      ready.reject(error);
    }
  };
  const unsubscribe = [
    context.supervisor.onChange((changed) => {
      if (changed === id) check();
    }),
    // A plugin that runs is ready once its record says that it is enabled; the event follows that.
    context.onEvent((event) => {
      if (event.type === 'plugin' && event.id === id) check();
    }),
  ];
  try {
    check();
    await rejectOnAbort(ready.promise, signal);
  } finally {
    for (const end of unsubscribe) end();
  }
}

/** @throws {OutboardError} conflict when it will not become ready by itself */
function isReady(enabled: boolean, name: string, state: PluginState): boolean {
  if (!enabled) return false;
  if (state.status === 'failed') {
    throw new OutboardError('conflict', `plugin ${name} has failed: ${state.reason}`);
  }
  return hasProcess(state);
}
