/**
 * One start of a plugin, from an empty place to a socket that accepts; when it fails the place is empty again.
 */
import type { OutboardError } from '@outboard/oci';
import type { Logger } from 'pino';
import type { PluginRecord } from '../config/plugin-config.ts';
import type { Container, ContainerExit, ContainerRuntime } from '../runtime/container.ts';
import { exitedBeforeReady, neverReady } from './describe-failure.ts';
import type { Limiter } from './limiter.ts';
import { type ConnectSocket, waitForSocket } from './wait-for-socket.ts';

/** What a plugin has on the host around its container. */
export interface PluginHost {
  /** Where the plugin's socket is to appear. */
  socketPath(record: PluginRecord): string;
  /**
   * Make what the container needs: an empty socket folder, mounts, devices.
   * @returns the runtime spec
   * @throws {OutboardError} when the plugin cannot or must not be started like this
   */
  prepare(record: PluginRecord): Promise<object>;
  /** Whether the plugin runs on something that ends with the daemon: a later one must start it anew, not take it back. */
  isBoundToDaemon(record: PluginRecord): boolean;
  /** Remove all of it, and every mount below the plugin's folder. Idempotent. */
  cleanUp(id: string): Promise<void>;
  /** IDs of the plugins that have something of it on the host now. */
  present(): Promise<readonly string[]>;
}

/** The parts that starting takes. */
export interface LaunchParts {
  readonly host: PluginHost;
  readonly runtime: ContainerRuntime;
  readonly connect: ConnectSocket;
  /** Bounds how many containers are created at a time; waiting for a socket does not count. */
  readonly limiter: Limiter;
  readonly logger: Logger;
}

export interface LaunchOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Start a plugin and wait until its socket accepts a connection, for `timeoutMs` at most.
 * @throws {OutboardError} why it did not start, with exit code and last log lines; the abort reason when aborted
 */
export async function launchPlugin(
  record: PluginRecord,
  parts: LaunchParts,
  options: LaunchOptions,
): Promise<Container> {
  const { signal } = options;
  const { id } = record;
  let container: Container | undefined;
  try {
    container = await parts.limiter.run(
      async () => {
        const spec = await parts.host.prepare(record);
        return parts.runtime.start({ id, spec, signal });
      },
      { signal },
    );
    await awaitReady(record, container, parts, options);
    return container;
  } catch (error) {
    await undo(id, container, parts);
    throw error;
  }
}

async function awaitReady(
  record: PluginRecord,
  container: Container,
  parts: LaunchParts,
  options: LaunchOptions,
): Promise<void> {
  const path = parts.host.socketPath(record);
  let lastError: Error = new Error(`dial unix ${path}: connect: no such file or directory`);
  const scope = new AbortController();
  // A timer of our own, since that of AbortSignal.timeout would not keep a waiting program alive.
  const deadline = setTimeout(() => scope.abort(timedOut), options.timeoutMs);
  const ready = waitForSocket(path, {
    connect: parts.connect,
    signal: AbortSignal.any([scope.signal, options.signal]),
    onRefused: (error) => {
      lastError = error;
    },
  });
  try {
    const exit = await Promise.race([ready, container.exited]);
    if (exit !== undefined) throw await exitError(record.name, container, exit, lastError);
  } catch (error) {
    if (error !== timedOut) throw error;
    const log = await container.readLogTail(20);
    throw neverReady(record.name, {
      timeoutMs: options.timeoutMs,
      log,
      dialError: lastError.message,
      cause: lastError,
    });
  } finally {
    clearTimeout(deadline);
    scope.abort();
    // When the container ended first, this rejects with the abort above.
    await ready.catch(() => undefined);
  }
}

const timedOut = Symbol('the socket did not accept in time');

async function exitError(
  name: string,
  container: Container,
  exit: ContainerExit,
  lastError: Error,
): Promise<OutboardError> {
  const log = await container.readLogTail(20);
  return exitedBeforeReady(name, { exit, log, dialError: lastError.message });
}

/** The first error is the one to report; that of the clean-up is logged. */
async function undo(id: string, container: Container | undefined, parts: LaunchParts): Promise<void> {
  try {
    await container?.remove();
    await parts.host.cleanUp(id);
  } catch (error) {
    parts.logger.error({ err: error, id }, 'cannot remove what a failed start of a plugin left');
  }
}
