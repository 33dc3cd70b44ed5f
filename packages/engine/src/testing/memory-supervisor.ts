/**
 * A supervisor that starts no process: its plugins run as soon as they are started. For tests without root.
 */
import { createListeners } from '@outboard/async';
import type { PluginRecord } from '../config/plugin-config.ts';
import type { PluginFailure } from '../supervise/plugin-failure.ts';
import type { PluginState, Supervisor } from '../supervise/supervisor.ts';

/** A supervisor whose next stop can be made to fail. */
export interface MemorySupervisor extends Supervisor {
  /** Called before a plugin is stopped; its error is the stop's. */
  beforeStop: (id: string) => void | Promise<void>;
  /** Called before a plugin is started; its error is the start's, after which the plugin backs off. */
  beforeStart: (record: PluginRecord) => void | Promise<void>;
  /** End a plugin as by a crash. */
  crash: (id: string, failure: PluginFailure) => void;
}

/** Create a supervisor with no plugin running. */
export function createMemorySupervisor(): MemorySupervisor {
  const states = new Map<string, PluginState>();
  const failures = new Map<string, PluginFailure>();
  const listeners = createListeners<[id: string, state: PluginState, before: PluginState]>(() => undefined);
  const stateOf = (id: string): PluginState => states.get(id) ?? { status: 'disabled' };

  function enter(id: string, state: PluginState): void {
    const before = stateOf(id);
    states.set(id, state);
    listeners.notify(id, state, before);
  }

  async function run(record: PluginRecord): Promise<void> {
    const { id } = record;
    const now = new Date();
    try {
      await supervisor.beforeStart(record);
    } catch (error) {
      enter(id, { status: 'backing-off', since: now, restarts: 0, retryAt: now, reason: String(error) });
      throw error;
    }
    enter(id, { status: 'running', since: now, startedAt: now, pid: 1, restarts: 0 });
  }

  const supervisor: MemorySupervisor = {
    beforeStop: () => undefined,
    beforeStart: () => undefined,
    crash(id, failure) {
      failures.set(id, failure);
      const { at, reason } = failure;
      enter(id, { status: 'backing-off', since: at, restarts: 0, retryAt: at, reason });
    },
    start: run,
    restart: run,
    async stop(id) {
      await supervisor.beforeStop(id);
      if (states.has(id)) enter(id, { status: 'disabled' });
    },
    limitStops: () => undefined,
    async restore(enabled) {
      for (const record of enabled) await run(record);
    },
    manage: (record) => void run(record),
    update: () => undefined,
    state: stateOf,
    lastFailure: async (id) => failures.get(id),
    outOfMemoryKills: () => 0,
    onOutOfMemory: () => () => undefined,
    socketPath: ({ id }) => `/nonexistent/${id}.sock`,
    readLogTail: async () => [],
    onChange: (listener) => listeners.add(listener),
    async shutdown() {
      states.clear();
    },
  };
  return supervisor;
}
