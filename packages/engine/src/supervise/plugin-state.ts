/**
 * The life cycle of a plugin: every state, every move between them, and what is on the host in each state.
 *
 *     state         on the host
 *     disabled      nothing
 *     starting      socket directory, mounts and container, as far as they are made; removed when the start fails
 *     running       a container whose socket accepted a connection
 *     unhealthy     the same; it has failed its health check since
 *     backing-off   only what could not be removed yet; the next start removes it first
 *     failed        the same; nothing starts it until an operator does
 *     stopping      container, mounts and socket directory, as far as they are not removed
 *
 * An operator can leave every state: a plugin that cannot be stopped has failed, and can be started or stopped again.
 */
import { OutboardError } from '@outboard/oci';
import type { PluginState } from './supervisor.ts';

/** A change of state. */
export type PluginMove =
  | { readonly type: 'start'; readonly at: Date; readonly restarts: number }
  | {
      readonly type: 'run';
      readonly at: Date;
      readonly startedAt: Date;
      readonly pid: number;
      readonly restarts: number;
    }
  /** Its health check has failed too often, or its surroundings were deleted. */
  | { readonly type: 'mark-unhealthy'; readonly at: Date; readonly reason: string }
  /** It is healthy again. */
  | { readonly type: 'mark-healthy'; readonly at: Date }
  /** A start by an operator has failed. */
  | { readonly type: 'give-up' }
  /** It ended or could not be started, and will be restarted. */
  | {
      readonly type: 'back-off';
      readonly at: Date;
      readonly restarts: number;
      readonly retryAt: Date;
      readonly reason: string;
    }
  /** It ended or could not be started, and will not be restarted; or it could not be stopped. */
  | { readonly type: 'fail'; readonly at: Date; readonly restarts: number; readonly reason: string }
  | { readonly type: 'stop'; readonly at: Date }
  | { readonly type: 'end' };

const allowed: Readonly<Record<PluginMove['type'], readonly PluginState['status'][]>> = {
  // From "failed" by an operator.
  start: ['disabled', 'backing-off', 'failed'],
  // From "disabled" when a container of an earlier process is adopted.
  run: ['starting', 'disabled'],
  'mark-unhealthy': ['running'],
  'mark-healthy': ['unhealthy'],
  'give-up': ['starting'],
  'back-off': ['starting', 'running', 'unhealthy'],
  fail: ['starting', 'running', 'unhealthy', 'stopping'],
  // Also from "stopping": a shutdown does not wait for other operations.
  stop: ['starting', 'running', 'unhealthy', 'backing-off', 'failed', 'stopping'],
  end: ['stopping'],
};

/**
 * The state after a move.
 * @throws {OutboardError} conflict when the move is not possible in this state
 */
export function movePlugin(state: PluginState, move: PluginMove): PluginState {
  if (!allowed[move.type].includes(state.status)) throw impossible(state, move);
  switch (move.type) {
    case 'start':
      return { status: 'starting', since: move.at, restarts: move.restarts };
    case 'run': {
      const { at, startedAt, pid, restarts } = move;
      return { status: 'running', since: at, startedAt, pid, restarts };
    }
    case 'mark-unhealthy':
      if (state.status !== 'running') throw impossible(state, move);
      return { ...state, status: 'unhealthy', since: move.at, reason: move.reason };
    case 'mark-healthy': {
      if (state.status !== 'unhealthy') throw impossible(state, move);
      const { reason: _, ...same } = state;
      return { ...same, status: 'running', since: move.at };
    }
    case 'back-off': {
      const { at, restarts, retryAt, reason } = move;
      return { status: 'backing-off', since: at, restarts, retryAt, reason };
    }
    case 'fail':
      return { status: 'failed', since: move.at, restarts: move.restarts, reason: move.reason };
    case 'stop':
      return { status: 'stopping', since: move.at };
    case 'give-up':
    case 'end':
      return { status: 'disabled' };
  }
}

function impossible(state: PluginState, move: PluginMove): OutboardError {
  return new OutboardError('conflict', `cannot ${move.type} a plugin that is ${state.status}`);
}
