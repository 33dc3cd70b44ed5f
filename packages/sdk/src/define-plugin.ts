/**
 * From an author's drivers to a running plugin: the one entry point of the SDK.
 */
import { isAbsolute, join } from 'node:path';
import { PluginError } from './plugin-error.ts';
import { listen } from './server/plugin-server.ts';
import { resolveSocketPath } from './server/socket-path.ts';
import { createStopRequest, type StopRequest } from './server/stop-request.ts';
import { openVolumeCapability } from './volume/volume-capability.ts';
import type { VolumeDriver } from './volume/volume-driver.ts';
import type { CallHandler, Capability } from './wire/call.ts';

/** What a plugin is made of. */
export interface PluginDefinition {
  /** Names the socket: `/run/docker/plugins/<name>.sock`, as `interface.socket` in config.json. */
  readonly name: string;
  readonly volume: VolumeDriver;
  /**
   * Absolute path of a folder that outlives the process and upgrades, such as one below `propagatedMount`. The SDK
   * keeps there who has mounted what. Without it a restarted plugin forgets its mounts.
   */
  readonly stateFolder?: string;
  /** Told of calls that failed in a driver and of background trouble, one line each. Default: standard error. */
  readonly log?: (message: string) => void;
}

/** How a plugin is served. */
export interface ServeOptions {
  /** Absolute path of the socket, or its file name in `/run/docker/plugins`. Default: from the plugin's name. */
  readonly socket?: string;
  /** Permission bits of the socket. Default 0o660. */
  readonly mode?: number;
  /** Signals that end the plugin gracefully. Default SIGTERM and SIGINT; an empty list leaves signals alone. */
  readonly stopSignals?: readonly NodeJS.Signals[];
  /** How long running calls may go on once the plugin ends, in milliseconds. Default 8000: hosts kill after 10 s. */
  readonly graceMs?: number;
  /** Ends the plugin when aborted. */
  readonly signal?: AbortSignal;
}

/** A plugin that accepts calls. */
export interface RunningPlugin extends AsyncDisposable {
  readonly socketPath: string;
  /** End gracefully. Idempotent; resolves when no call runs and the socket is gone. */
  close(): Promise<void>;
  /** Resolves once the plugin has ended, whoever ended it. */
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
  const { stateFolder } = definition;
  if (stateFolder !== undefined && !isAbsolute(stateFolder)) {
    throw new PluginError(`cannot keep state in "${stateFolder}": the path is not absolute`);
  }
  return { serve: (options = {}) => servePlugin(definition, options) };
}

async function servePlugin(definition: PluginDefinition, options: ServeOptions): Promise<RunningPlugin> {
  options.signal?.throwIfAborted();
  // Before anyone can see the socket: a host may stop a plugin the moment it is ready.
  const stop = createStopRequest(options);
  try {
    const { path, end } = await openPlugin(definition, options);
    return runUntilStopped(path, stop, end);
  } catch (error) {
    stop.forget();
    throw error;
  }
}

/** Start all parts. @returns the socket's path, and what ends them all */
async function openPlugin(
  definition: PluginDefinition,
  options: ServeOptions,
): Promise<{ readonly path: string; readonly end: () => Promise<void> }> {
  const log = definition.log ?? logToStandardError;
  const path = resolveSocketPath(options.socket ?? definition.name);
  const journalFile =
    definition.stateFolder === undefined ? undefined : join(definition.stateFolder, 'mounts.json');
  const volume = await openVolumeCapability(definition.volume, { journalFile, log });
  volume.start();
  try {
    const { mode = 0o660, graceMs = 8000 } = options;
    const server = await listen({ path, mode, handlers: handlersOf([volume]), graceMs, log });
    const end = async (): Promise<void> => {
      try {
        await server.close();
      } finally {
        await volume.stop();
      }
    };
    return { path, end };
  } catch (error) {
    await volume.stop();
    throw error;
  }
}

function runUntilStopped(socketPath: string, stop: StopRequest, end: () => Promise<void>): RunningPlugin {
  const closed = stop.asked.then(() => {
    // From now on a second signal does what signals do: it ends the process at once.
    stop.forget();
    return end();
  });
  async function close(): Promise<void> {
    stop.ask();
    await closed;
  }
  return { socketPath, close, closed, [Symbol.asyncDispose]: close };
}

/** All calls of a plugin: its capabilities' and the handshake. Hosts may ask `Plugin.Activate` at any time, often. */
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
