/**
 * Sends the output of a container to a log driver. The FIFO exists before the driver is asked to read it, and is removed
 * after the driver was asked to stop.
 * @see moby daemon/logger/adapter.go (28.x)
 */

import { existsSync } from 'node:fs';
import { type Cancellable, joinSignals } from '@outboard/async';
import {
  createLogDriver,
  type DriverCall,
  encodeLogEntry,
  type LogEntry,
  type LoggedContainer,
} from '@outboard/protocol';
import { type LogPipe, type LogPipeLocation, makeLogPipe } from './log-pipe.ts';
import type { PluginDriver } from './plugin-drivers.ts';

/** An open stream to a log driver. Disposing closes it. */
export interface LogStream extends AsyncDisposable {
  /** Path of the FIFO in the plugin. */
  readonly file: string;
  /**
   * Send an entry after all earlier ones.
   * @returns when the entry is in the FIFO: a driver that does not read makes the caller wait. Aborting ends only the wait
   * @throws {OutboardError} as `encodeLogEntry`; unavailable, code `log-pipe-full`, when 2 MiB are waiting; conflict after
   *   `close`; the signal's reason
   */
  write(entry: LogEntry, options?: Cancellable): Promise<void>;
  /**
   * Tell the driver that the output has ended, and remove the FIFO even if the driver fails. A second call returns the promise of
   * the first.
   * @throws as `PluginClient.call`
   */
  close(call?: DriverCall): Promise<void>;
}

type LogPlugin = Pick<PluginDriver, 'client' | 'pluginId' | 'toHostPath' | 'logDirectory'>;

/** Time limit for the driver to read the rest, before it is asked to stop anyway. */
const flushTimeoutMs = 10_000;

/**
 * Start logging. A driver that restarts forgets its streams: open another one then.
 *
 * Keep a reference to the plugin meanwhile, so that it cannot be disabled.
 * @param plugin as `PluginDrivers.find(name, 'logdriver')` gives it
 * @throws as `PluginClient.call`; {OutboardError} system when the plugin has another file in place of the FIFO. No FIFO is left
 */
export async function openLogStream(
  plugin: LogPlugin,
  container: LoggedContainer,
  call: DriverCall = {},
): Promise<LogStream> {
  const driver = createLogDriver(plugin.client);
  const pipe = makeLogPipe(await locatePipe(plugin, call));
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

/** A plugin that started before it could be given a directory of its own has none. */
async function locatePipe(plugin: LogPlugin, { signal }: DriverCall): Promise<LogPipeLocation> {
  const { logDirectory: directory } = plugin;
  if (directory !== undefined && existsSync(directory)) return { directory };
  const isTrusted = plugin.pluginId === undefined; // legacy plugins run in the host's own tree
  return { root: await plugin.toHostPath('/', { signal }), isTrusted };
}

async function flush(pipe: LogPipe, { signal }: DriverCall): Promise<void> {
  using limit = joinSignals([signal], { timeoutMs: flushTimeoutMs });
  try {
    await pipe.flush(limit.signal);
  } catch {
    // Entries that the driver does not read in time are lost; it is asked to stop anyway.
  }
}
