/**
 * Runs a plugin from the drivers of its author: the entry point of the SDK.
 */
import { isAbsolute, join } from 'node:path';
import { PluginError } from './plugin-error.ts';
import { listen } from './server/plugin-server.ts';
import { resolveSocketPath } from './server/socket-path.ts';
import { createStopRequest, type StopRequest } from './server/stop-request.ts';
import { openVolumeCapability } from './volume/volume-capability.ts';
import type { VolumeDriver } from './volume/volume-driver.ts';
import type { CallHandler, Capability } from './wire/call.ts';

/** A plugin: its name, drivers and state. */
export interface PluginDefinition {
  /** Name of the socket, `/run/docker/plugins/<name>.sock`; must match `interface.socket` in config.json. */
  readonly name: string;
  readonly volume: VolumeDriver;
  /**
   * Absolute path of a directory that survives restarts and upgrades, such as one below `propagatedMount`. The SDK keeps
   * the mount journal there. Without it a restarted plugin loses its mount counts.
   */
  readonly stateDirectory?: string | undefined;
  /** Receives one line for each call that failed in a driver, and for failed background work. Default: standard error. */
  readonly log?: ((message: string) => void) | undefined;
}

/** Socket, permissions and shutdown of a served plugin. */
export interface ServeOptions {
  /** Absolute path of the socket, or its file name in `/run/docker/plugins`. Default: from the plugin's name. */
  readonly socket?: string | undefined;
  /** Permission bits of the socket. Default 0o660. */
  readonly mode?: number | undefined;
  /** Signals that stop the plugin gracefully. Default SIGTERM and SIGINT; an empty list installs no handler. */
  readonly stopSignals?: readonly NodeJS.Signals[] | undefined;
  /** Time for running calls to end at shutdown, in milliseconds. Default 8000: engines send SIGKILL after 10 s. */
  readonly graceMs?: number | undefined;
  /** Stops the plugin when aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** A plugin that accepts calls. Disposing closes it. */
export interface RunningPlugin extends AsyncDisposable {
  readonly socketPath: string;
  /** Stop gracefully. Idempotent; resolves when all calls have ended and the socket is removed. */
  close(): Promise<void>;
  /** Resolves once the plugin has stopped, for any reason. */
  readonly closed: Promise<void>;
}

/** A plugin ready to be served. */
export interface Plugin {
  /**
   * Accept calls. Resolves once the socket accepts connections.
   *
   * @throws {PluginError} if the socket path is too long or taken, or the mount journal is damaged
   */
  serve(options?: ServeOptions): Promise<RunningPlugin>;
}

/**
 * Define a plugin.
 *
 *     const plugin = definePlugin({ name: 'my-volumes', volume: new MyVolumes() });
 *     await plugin.serve();
 */
export function definePlugin(definition: PluginDefinition): Plugin {
  const { stateDirectory } = definition;
  if (stateDirectory !== undefined && !isAbsolute(stateDirectory)) {
    throw new PluginError(`cannot keep state in "${stateDirectory}": the path is not absolute`);
  }
  return { serve: (options = {}) => servePlugin(definition, options) };
}

async function servePlugin(definition: PluginDefinition, options: ServeOptions): Promise<RunningPlugin> {
  options.signal?.throwIfAborted();
  // Before the socket appears: an engine may stop a plugin as soon as it is ready.
  const stop = createStopRequest(options);
  try {
    const { path, close } = await openPlugin(definition, options);
    return runUntilStopped(path, stop, close);
  } catch (error) {
    stop.dispose();
    throw error;
  }
}

/** Start all parts. @returns the socket's path, and the function that closes them all */
async function openPlugin(
  definition: PluginDefinition,
  options: ServeOptions,
): Promise<{ readonly path: string; readonly close: () => Promise<void> }> {
  const log = definition.log ?? logToStandardError;
  const path = resolveSocketPath(options.socket ?? definition.name);
  const journalFile =
    definition.stateDirectory === undefined ? undefined : join(definition.stateDirectory, 'mounts.json');
  const volume = await openVolumeCapability(definition.volume, { journalFile, log });
  volume.start();
  try {
    const { mode = 0o660, graceMs = 8000 } = options;
    const server = await listen({ path, mode, handlers: handlersOf([volume]), graceMs, log });
    const close = async (): Promise<void> => {
      try {
        await server.close();
      } finally {
        await volume.stop();
      }
    };
    return { path, close };
  } catch (error) {
    await volume.stop();
    throw error;
  }
}

function runUntilStopped(
  socketPath: string,
  stop: StopRequest,
  closeParts: () => Promise<void>,
): RunningPlugin {
  const closed = stop.requested.then(() => {
    // From now on a second signal has its default action and ends the process at once.
    stop.dispose();
    return closeParts();
  });
  async function close(): Promise<void> {
    stop.request();
    await closed;
  }
  return { socketPath, close, closed, [Symbol.asyncDispose]: close };
}

/** Handlers of all capabilities and of the handshake, which engines may repeat at any time. */
function handlersOf(capabilities: readonly Capability[]): ReadonlyMap<string, CallHandler> {
  const implemented = capabilities.map((capability) => capability.implements);
  const activate: CallHandler = async () => ({ Implements: implemented });
  return new Map([
    ['/Plugin.Activate', activate],
    ...capabilities.flatMap((capability) => [...capability.handlers]),
  ]);
}

function logToStandardError(message: string): void {
  process.stderr.write(`${message}\n`);
}
