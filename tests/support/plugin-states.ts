/**
 * Waits for states of plugins, as the engine reports them.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { PluginEngine, PluginState } from '@outboard/engine';
import { slowed } from './slowness.ts';

/**
 * Wait for a state of a plugin. Changes without a request emit no event of the API, so this polls for up to 30 s.
 *
 * @throws {Error} with the last state
 */
export async function untilState<Status extends PluginState['status']>(
  engine: Pick<PluginEngine, 'state'>,
  plugin: string,
  status: Status,
  accept: (state: Extract<PluginState, { status: Status }>) => boolean = () => true,
): Promise<Extract<PluginState, { status: Status }>> {
  const deadline = performance.now() + slowed(30_000);
  for (;;) {
    const state = engine.state(plugin);
    // The comparison proves the narrowing, which the compiler cannot follow for a generic status.
    const narrowed = state as Extract<PluginState, { status: Status }>;
    if (state.status === status && accept(narrowed)) return narrowed;
    if (performance.now() > deadline) {
      throw new Error(`plugin ${plugin} is not ${status}: ${JSON.stringify(state)}`);
    }
    await delay(10);
  }
}
