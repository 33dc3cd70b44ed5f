import assert from 'node:assert/strict';
import { test } from 'node:test';
import { movePlugin, type PluginMove } from './plugin-state.ts';
import type { PluginState } from './supervisor.ts';

const at = new Date(0);

const later = new Date(1);
const run = { startedAt: at, pid: 7, restarts: 2 };

const states: Record<PluginState['status'], PluginState> = {
  disabled: { status: 'disabled' },
  starting: { status: 'starting', since: later, restarts: 2 },
  running: { status: 'running', since: later, ...run },
  unhealthy: { status: 'unhealthy', since: later, ...run, reason: 'x' },
  'backing-off': { status: 'backing-off', since: later, restarts: 2, retryAt: at, reason: 'x' },
  failed: { status: 'failed', since: later, restarts: 2, reason: 'x' },
  stopping: { status: 'stopping', since: later },
};

const moves: Record<PluginMove['type'], PluginMove> = {
  start: { type: 'start', at: later, restarts: 2 },
  run: { type: 'run', at: later, ...run },
  'mark-unhealthy': { type: 'mark-unhealthy', at: later, reason: 'x' },
  'mark-healthy': { type: 'mark-healthy', at: later },
  'give-up': { type: 'give-up' },
  'back-off': { type: 'back-off', at: later, restarts: 2, retryAt: at, reason: 'x' },
  fail: { type: 'fail', at: later, restarts: 2, reason: 'x' },
  stop: { type: 'stop', at: later },
  end: { type: 'end' },
};

/** The state after each move from each state; moves that are absent are refused. */
const table: Record<PluginState['status'], Partial<Record<PluginMove['type'], PluginState['status']>>> = {
  disabled: { start: 'starting', run: 'running' },
  starting: {
    run: 'running',
    'give-up': 'disabled',
    'back-off': 'backing-off',
    fail: 'failed',
    stop: 'stopping',
  },
  running: { 'mark-unhealthy': 'unhealthy', 'back-off': 'backing-off', fail: 'failed', stop: 'stopping' },
  unhealthy: { 'mark-healthy': 'running', 'back-off': 'backing-off', fail: 'failed', stop: 'stopping' },
  'backing-off': { start: 'starting', stop: 'stopping' },
  failed: { start: 'starting', stop: 'stopping' },
  stopping: { stop: 'stopping', fail: 'failed', end: 'disabled' },
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
