/**
 * One start of a plugin, from an empty place to a socket that accepts; when it fails the place is empty again.
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

/** The parts that starting takes. */
export interface LaunchParts {
  readonly host: PluginHost;
  readonly runtime: ContainerRuntime;
  readonly connect: ConnectSocket;
  /** Bounds how many containers are created at a time; what waits for something else does not count. */
  readonly limiter: Limiter;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface LaunchOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** How often the plugin was started again before. */
  readonly restarts: number;
  /** How many of its processes were killed for want of memory before. */
  readonly outOfMemoryKills: number;
  /** Of an earlier run before the start, and of this one when it fails. */
  readonly mounts: MountsToRemove;
}

/** What came of one start: a plugin that is ready, or nothing, and why. */
export type Launched =
  | { readonly container: Container }
  | {
      readonly failure: PluginFailure;
      /** For whoever waited for the start; the abort reason when aborted. */
      readonly error: unknown;
      /** What could not be removed, and is to be before the next start. */
      readonly remains?: LaunchRemains;
    };

/** What a start left. */
export interface LaunchRemains {
  /** Absent when there was none, or it is gone and something around it is not. */
  readonly container?: Container;
}

/** Start a plugin and wait until its socket accepts a connection, for `timeoutMs` at most. Never rejects. */
export async function launchPlugin(
  record: PluginRecord,
  parts: LaunchParts,
  options: LaunchOptions,
): Promise<Launched> {
  const { signal, restarts, outOfMemoryKills, mounts } = options;
  const { id } = record;
  let container: Container | undefined;
  try {
    signal.throwIfAborted();
    const spec = await parts.host.prepare(record, { signal, mounts });
    const start = { id, spec, restarts, outOfMemoryKills, signal };
    container = await parts.limiter.run(() => parts.runtime.start(start), { signal });
    const failure = await awaitReady(record, container, parts, options);
    if (failure === undefined) return { container };
    const remains = await undo(id, container, parts, mounts);
    return { failure, error: toError(failure), ...(remains && { remains }) };
  } catch (caught) {
    const remains = await undo(id, container, parts, mounts);
    const error = signal.aborted ? signal.reason : caught;
    return { failure: launchFailure(error, parts.clock.now()), error, ...(remains && { remains }) };
  }
}

/** @returns why it did not become ready, or undefined. @throws the abort reason; what the socket's place has that is no socket */
async function awaitReady(
  record: PluginRecord,
  container: Container,
  parts: LaunchParts,
  options: LaunchOptions,
): Promise<PluginFailure | undefined> {
  const path = parts.host.socketPath(record);
  let dialError = `dial unix ${path}: connect: no such file or directory`;
  const scope = new AbortController();
  const { timeoutMs } = options;
  using wait = joinSignals([options.signal, scope.signal], { timeoutMs, timeoutReason: () => timedOut });
  const ready = waitForSocket(path, {
    connect: parts.connect,
    signal: wait.signal,
    onRefused: (error) => {
      dialError = error.message;
    },
  });
  const lastWords = async () => {
    return { at: parts.clock.now(), log: await container.readLogTail(shownLogLines), dialError };
  };
  try {
    const exit = await Promise.race([ready, container.exited]);
    return exit === undefined ? undefined : exitedBeforeReady(record.name, exit, await lastWords());
  } catch (error) {
    if (error !== timedOut) throw error;
    return neverReady(record.name, timeoutMs, await lastWords());
  } finally {
    scope.abort();
    // When the container ended first, this rejects with the abort above.
    await ready.catch(() => undefined);
  }
}

const timedOut = Symbol('the socket did not accept in time');

/** The first error is the one to report; that of the clean-up is logged. */
async function undo(
  id: string,
  container: Container | undefined,
  parts: LaunchParts,
  mounts: MountsToRemove,
): Promise<LaunchRemains | undefined> {
  try {
    await container?.remove();
    await parts.host.cleanUp(id, { mounts });
    return undefined;
  } catch (error) {
    parts.logger.error({ err: error, id }, 'cannot remove what a failed start of a plugin left');
    return container === undefined ? {} : { container };
  }
}
