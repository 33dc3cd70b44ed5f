/**
 * Runs a plugin from the drivers of its author: the entry point of the SDK.
 */
import { isAbsolute, join } from 'node:path';
import {
  implementedBy,
  interfaceTypesOf,
  kindNames,
  kindsOf,
  openCapabilities,
  type PluginDrivers,
  stopCapabilities,
} from './capabilities.ts';
import { PluginError } from './plugin-error.ts';
import { listen } from './server/plugin-server.ts';
import { resolveSocketPath } from './server/socket-path.ts';
import { createStopRequest, type StopRequest } from './server/stop-request.ts';
import type { Capability, ServedCalls } from './wire/call.ts';

/** A plugin: its name, its drivers of one or more kinds, and its state. */
export interface PluginDefinition extends PluginDrivers {
  /** Name of the socket, `/run/docker/plugins/<name>.sock`; must match `interface.socket` in config.json. */
  readonly name: string;
  /**
   * Absolute path of a directory that survives restarts, such as `/var/lib/<name>`, and upgrades, such as one below
   * `propagatedMount`. The SDK keeps there who has mounted which volume, which logs are open, and networks with their
   * endpoints. Without it a restarted plugin forgets them.
   */
  readonly stateDirectory?: string | undefined;
  /** Receives one line for each call that failed in a driver, and for failed background work. Default: standard error. */
  readonly logger?: ((message: string) => void) | undefined;
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
  /** Its kinds as `interface.types` of config.json must list them, such as `docker.volumedriver/1.0`. */
  readonly interfaceTypes: readonly string[];
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
 *     const plugin = definePlugin({ name: 'my-plugin', volume: new MyVolumes(), authorization: new MyPolicy() });
 *     await plugin.serve();
 *
 * @throws {PluginError} if it has no kind, or its state directory is not absolute
 */
export function definePlugin(definition: PluginDefinition): Plugin {
  const { name, stateDirectory } = definition;
  if (kindsOf(definition).length === 0) {
    throw new PluginError(`plugin "${name}" serves nothing: give one or more of ${kindNames.join(', ')}`);
  }
  if (stateDirectory !== undefined && !isAbsolute(stateDirectory)) {
    throw new PluginError(`cannot keep state in "${stateDirectory}": the path is not absolute`);
  }
  return {
    interfaceTypes: interfaceTypesOf(definition),
    serve: (options = {}) => servePlugin(definition, options),
  };
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
  const { stateDirectory, logger: log = logToStandardError } = definition;
  const path = resolveSocketPath(options.socket ?? definition.name);
  const statePath = (file: string) => (stateDirectory === undefined ? undefined : join(stateDirectory, file));
  const capabilities = await openCapabilities(definition, { pluginName: definition.name, statePath, log });
  try {
    for (const capability of capabilities) capability.start?.();
    const { mode = 0o660, graceMs = 8000 } = options;
    const server = await listen({ path, mode, calls: callsOf(definition, capabilities), graceMs, log });
    const close = async (): Promise<void> => {
      try {
        await server.close();
      } finally {
        await stopCapabilities(capabilities);
      }
    };
    return { path, close };
  } catch (error) {
    await stopCapabilities(capabilities);
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

/** Calls of all capabilities and of the handshake, which engines may repeat at any time. */
function callsOf(drivers: PluginDrivers, capabilities: readonly Capability[]): ServedCalls {
  const answer = { Implements: implementedBy(drivers) };
  return new Map([
    ['/Plugin.Activate', { handle: async () => answer }],
    ...capabilities.flatMap((capability) => [...capability.calls]),
  ]);
}

function logToStandardError(message: string): void {
  process.stderr.write(`${message}\n`);
}
