/**
 * The life of a plugin: every state, every move between them, and what is on the host in each.
 *
 *     state         on the host
 *     disabled      nothing
 *     starting      coming into being: socket folder, mounts, container; gone again when the start fails
 *     running       a container whose socket accepted a connection
 *     unhealthy     the same; it has failed its health check since
 *     backing-off   nothing but what could not be removed yet, which the next start removes first
 *     failed        the same; there is no next start until someone asks for it
 *     stopping      going: container, mounts, socket folder
 *
 * Every state has a way out that an operator can ask for: what cannot be stopped has failed, and is started or stopped
 * again from there.
 */
import { OutboardError } from '@outboard/oci';
import type { PluginState } from './supervisor.ts';

/** What may happen to a plugin. */
export type PluginMove =
  | { readonly type: 'start'; readonly at: Date; readonly restarts: number }
  | {
      readonly type: 'run';
      readonly at: Date;
      readonly startedAt: Date;
      readonly pid: number;
      readonly restarts: number;
    }
  /** It has failed its health check too often. */
  | { readonly type: 'sicken'; readonly at: Date; readonly reason: string }
  /** It has passed its health check again. */
  | { readonly type: 'recover'; readonly at: Date }
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
  /** It ended or could not be started, and is not to be started again; or it could not be stopped. */
  | { readonly type: 'fail'; readonly at: Date; readonly restarts: number; readonly reason: string }
  | { readonly type: 'stop'; readonly at: Date }
  | { readonly type: 'end' };

const allowed: Readonly<Record<PluginMove['type'], readonly PluginState['status'][]>> = {
  // From "failed" by whoever asks for it.
  start: ['disabled', 'backing-off', 'failed'],
  // From "disabled" when a container of an earlier process is taken back.
  run: ['starting', 'disabled'],
  sicken: ['running'],
  recover: ['unhealthy'],
  'give-up': ['starting'],
  'back-off': ['starting', 'running', 'unhealthy'],
  fail: ['starting', 'running', 'unhealthy', 'stopping'],
  // Also from "stopping": at a shutdown nothing waits for its turn.
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
    case 'sicken':
      if (state.status !== 'running') throw impossible(state, move);
      return { ...state, status: 'unhealthy', since: move.at, reason: move.reason };
    case 'recover': {
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
