/**
 * One start of a plugin: surroundings, container, and a socket that accepts connections. A start that fails removes
 * what it made.
 */

import { type Clock, joinSignals, type Limiter } from '@outboard/async';
import type { Container, ContainerRuntime } from '@outboard/container';
import type { Logger } from 'pino';
import type { PluginRecord } from '../config/plugin-config.ts';
import type { MountsToRemove, PluginHost } from './host/plugin-host.ts';
import {
  exitedBeforeReady,
  launchFailure,
  neverReady,
  type PluginFailure,
  shownLogLines,
  toError,
} from './plugin-failure.ts';
import { type ConnectSocket, waitForSocket } from './wait-for-socket.ts';

/** Parts that starting takes. */
export interface LaunchDeps {
  readonly host: PluginHost;
  readonly runtime: ContainerRuntime;
  readonly connect: ConnectSocket;
  /** Bounds how many containers are created at a time; waiting for sockets does not count. */
  readonly limiter: Limiter;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Options of one start. */
export interface LaunchOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Number of restarts before this start. */
  readonly restarts: number;
  /** Processes killed for lack of memory before this start. */
  readonly outOfMemoryKills: number;
  /** Mounts to remove before the start, and after it when it fails. */
  readonly mounts: MountsToRemove;
}

/** Result of one start. */
export type Launched =
  | { readonly container: Container }
  | {
      readonly failure: PluginFailure;
      /** The error of the caller; the signal's reason when aborted. */
      readonly error: unknown;
      /** Present when something could not be removed; it must be removed before the next start. */
      readonly leftover?: Leftover | undefined;
    };

/** Leftovers of a failed start. */
export interface Leftover {
  /** Absent when no container is left, but some of its surroundings are. */
  readonly container?: Container | undefined;
}

/** Start a plugin and wait up to `timeoutMs` until its socket accepts a connection. Never rejects. */
export async function launchPlugin(
  record: PluginRecord,
  deps: LaunchDeps,
  options: LaunchOptions,
): Promise<Launched> {
  const { signal, restarts, outOfMemoryKills, mounts } = options;
  const { id } = record;
  let container: Container | undefined;
  try {
    signal.throwIfAborted();
    const spec = await deps.host.prepare(record, { signal, mounts });
    const start = { id, spec, label: record.manifestDigest, restarts, outOfMemoryKills, signal };
    container = await deps.limiter.run(() => deps.runtime.start(start), { signal });
    const failure = await awaitReady(record, container, deps, options);
    if (failure === undefined) return { container };
    const leftover = await undo(id, container, deps, mounts);
    return { failure, error: toError(failure), leftover };
  } catch (caught) {
    const leftover = await undo(id, container, deps, mounts);
    const error = signal.aborted ? signal.reason : caught;
    return { failure: launchFailure(error, deps.clock.now()), error, leftover };
  }
}

/**
 * @returns the failure when the plugin does not become ready
 * @throws the signal's reason; the error of `connect` for a file that is no socket
 */
async function awaitReady(
  record: PluginRecord,
  container: Container,
  deps: LaunchDeps,
  options: LaunchOptions,
): Promise<PluginFailure | undefined> {
  const path = deps.host.socketPath(record);
  let dialError = `dial unix ${path}: connect: no such file or directory`;
  const scope = new AbortController();
  const { timeoutMs } = options;
  using wait = joinSignals([options.signal, scope.signal], { timeoutMs, timeoutReason: () => timedOut });
  const ready = waitForSocket(path, {
    connect: deps.connect,
    signal: wait.signal,
    onRefused: (error) => {
      dialError = error.message;
    },
  });
  const readLogTail = async () => {
    return { at: deps.clock.now(), log: await container.readLogTail(shownLogLines), dialError };
  };
  try {
    const exit = await Promise.race([ready, container.exited]);
    return exit === undefined ? undefined : exitedBeforeReady(record.name, exit, await readLogTail());
  } catch (error) {
    if (error !== timedOut) throw error;
    return neverReady(record.name, timeoutMs, await readLogTail());
  } finally {
    scope.abort();
    // When the container ended first, the abort above makes this reject.
    await ready.catch(() => undefined);
  }
}

const timedOut = Symbol('the socket did not accept in time');

/** Remove what a failed start made. An error here is logged: the first error is the one to report. */
async function undo(
  id: string,
  container: Container | undefined,
  deps: LaunchDeps,
  mounts: MountsToRemove,
): Promise<Leftover | undefined> {
  try {
    await container?.remove();
    await deps.host.cleanUp(id, { mounts });
    return undefined;
  } catch (error) {
    deps.logger.error({ err: error, id }, 'cannot remove what a failed start of a plugin left');
    return { container };
  }
}
