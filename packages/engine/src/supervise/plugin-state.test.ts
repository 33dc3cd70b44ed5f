import assert from 'node:assert/strict';
import { test } from 'node:test';
import { movePlugin, type PluginMove } from './plugin-state.ts';
import type { PluginState } from './supervisor.ts';

const at = new Date(0);

const states: Record<PluginState['status'], PluginState> = {
  stopped: { status: 'stopped' },
  starting: { status: 'starting', since: at },
  running: { status: 'running', since: at, pid: 7, restarts: 0 },
  'backing-off': { status: 'backing-off', since: at, restarts: 1, retryAt: at, reason: 'x' },
  stopping: { status: 'stopping', since: at },
};

const moves: Record<PluginMove['type'], PluginMove> = {
  start: { type: 'start', at },
  run: { type: 'run', at, pid: 7, restarts: 0 },
  'give-up': { type: 'give-up' },
  'back-off': { type: 'back-off', at, restarts: 1, retryAt: at, reason: 'x' },
  stop: { type: 'stop', at },
  end: { type: 'end' },
};

/** Where each move leads from each state; what is not named is refused. */
const table: Record<PluginState['status'], Partial<Record<PluginMove['type'], PluginState['status']>>> = {
  stopped: { start: 'starting', run: 'running' },
  starting: { run: 'running', 'give-up': 'stopped', 'back-off': 'backing-off', stop: 'stopping' },
  running: { 'back-off': 'backing-off', stop: 'stopping' },
  'backing-off': { start: 'starting', stop: 'stopping' },
  stopping: { stop: 'stopping', end: 'stopped' },
};

for (const [from, state] of Object.entries(states)) {
  for (const [type, move] of Object.entries(moves)) {
    // The keys are those of the records above.
    const to = table[from as PluginState['status']][type as PluginMove['type']];
    test(`movePlugin() ${to === undefined ? 'refuses' : 'allows'} ${type} when ${from}`, () => {
      if (to === undefined) assert.throws(() => movePlugin(state, move), { kind: 'conflict' });
      else assert.deepEqual(movePlugin(state, move), states[to]);
    });
  }
}
