/**
 * The life of a plugin's process: every state, every move between them, and what is on the host in each.
 *
 *     state         on the host
 *     stopped       nothing
 *     starting      coming into being: socket folder, mounts, container; gone again when the start fails
 *     running       a container whose socket accepted a connection
 *     backing-off   nothing but what could not be removed yet, which the next start removes first
 *     stopping      going: container, mounts, socket folder
 */
import { OutboardError } from '@outboard/oci';
import type { PluginState } from './supervisor.ts';

/** What may happen to a plugin's process. */
export type PluginMove =
  | { readonly type: 'start'; readonly at: Date }
  | { readonly type: 'run'; readonly at: Date; readonly pid: number; readonly restarts: number }
  /** A start that someone waited for has failed. */
  | { readonly type: 'give-up' }
  /** It ended or could not be started, and is to be started again. */
  | {
      readonly type: 'back-off';
      readonly at: Date;
      readonly restarts: number;
      readonly retryAt: Date;
      readonly reason: string;
    }
  | { readonly type: 'stop'; readonly at: Date }
  | { readonly type: 'end' };

const allowed: Readonly<Record<PluginMove['type'], readonly PluginState['status'][]>> = {
  start: ['stopped', 'backing-off'],
  // From "stopped" when a container of an earlier process is taken back.
  run: ['starting', 'stopped'],
  'give-up': ['starting'],
  'back-off': ['starting', 'running'],
  // Again from "stopping": a stop that failed may be tried again.
  stop: ['starting', 'running', 'backing-off', 'stopping'],
  end: ['stopping'],
};

/**
 * The state after a move.
 * @throws {OutboardError} conflict when the move is not possible in this state
 */
export function movePlugin(state: PluginState, move: PluginMove): PluginState {
  if (!allowed[move.type].includes(state.status)) {
    throw new OutboardError('conflict', `cannot ${move.type} a plugin that is ${state.status}`);
  }
  switch (move.type) {
    case 'start':
      return { status: 'starting', since: move.at };
    case 'run':
      return { status: 'running', since: move.at, pid: move.pid, restarts: move.restarts };
    case 'back-off':
      return {
        status: 'backing-off',
        since: move.at,
        restarts: move.restarts,
        retryAt: move.retryAt,
        reason: move.reason,
      };
    case 'stop':
      return { status: 'stopping', since: move.at };
    case 'give-up':
    case 'end':
      return { status: 'stopped' };
  }
}
