/**
 * A container's output on its way into a log driver: the pipe, made before the driver is told of it, and removed after
 * the driver has taken what was in it.
 * @see moby daemon/logger/adapter.go (28.x)
 */

import { openCallDeadline } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import {
  createLogDriver,
  type DriverCall,
  encodeLogEntry,
  type LogEntry,
  type LoggedContainer,
} from '@outboard/protocol';
import { type LogPipe, makeLogPipe } from './log-pipe.ts';
import type { PluginDriver } from './plugin-drivers.ts';

/** Disposing closes it. */
export interface LogStream extends AsyncDisposable {
  /** Path of the pipe, as the plugin sees it. */
  readonly file: string;
  /**
   * Send an entry, after those before it.
   * @returns when it is in the pipe: a driver that does not read makes the caller wait. An aborted wait takes nothing
   *   back
   * @throws {OutboardError} as `encodeLogEntry`; unavailable, code `log-pipe-full`, when 2 MiB wait already; conflict
   *   after `close`; the signal's reason
   */
  write(entry: LogEntry, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /**
   * Tell the driver that the output ended, and remove the pipe, also when the driver fails. A second call does nothing.
   * @throws as `PluginClient.call`
   */
  close(call?: DriverCall): Promise<void>;
}

/** How long what was written may take to be read, before the driver is told to stop all the same. */
const flushTimeoutMs = 10_000;

/**
 * Start logging. A driver that was started anew since does not know of the stream any more: open another.
 *
 * Hold a use of the plugin meanwhile, so that it is not disabled under the stream.
 * @param plugin as `PluginDrivers.find(name, 'logdriver')` gives it
 * @throws as `PluginClient.call`; {OutboardError} system when the plugin stands in the way of its pipe. No pipe is left
 */
export async function openLogStream(
  plugin: Pick<PluginDriver, 'client' | 'pluginId' | 'toHostPath'>,
  container: LoggedContainer,
  call: DriverCall = {},
): Promise<LogStream> {
  const driver = createLogDriver(plugin.client);
  const isTrusted = plugin.pluginId === undefined; // legacy plugins live in the host's own tree
  const pipe = makeLogPipe({ root: await plugin.toHostPath('/', signalOf(call)), isTrusted });
  try {
    await driver.startLogging(pipe.file, container, call);
  } catch (error) {
    await pipe.close();
    throw error;
  }
  let closing: Promise<void> | undefined;
  const stop = async (stopCall: DriverCall): Promise<void> => {
    try {
      await flush(pipe, stopCall);
      await driver.stopLogging(pipe.file, stopCall);
    } finally {
      await pipe.close();
    }
  };
  const close = (stopCall: DriverCall = {}): Promise<void> => {
    closing ??= stop(stopCall);
    return closing;
  };
  return {
    file: pipe.file,
    write: async (entry, options) => pipe.write(encodeLogEntry(entry), options),
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

async function flush(pipe: LogPipe, { signal }: DriverCall): Promise<void> {
  const limit = openCallDeadline(flushTimeoutMs, signal === undefined ? [] : [signal], flushTimedOut);
  try {
    await pipe.flush(limit.signal);
  } catch {
    // What the driver does not read in time is lost, and it must be told to stop all the same.
  } finally {
    limit[Symbol.dispose]();
  }
}

function signalOf({ signal }: DriverCall): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function flushTimedOut(cause: unknown): OutboardError {
  return new OutboardError(
    'unavailable',
    `the plugin did not read its log within ${flushTimeoutMs / 1000} s`,
    { cause },
  );
}
