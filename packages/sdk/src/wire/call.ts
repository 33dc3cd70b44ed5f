/**
 * Calls between the server and the capabilities of a plugin.
 */
import type { Message } from './message.ts';

/** Context of one call, passed to every driver method. */
export interface CallContext {
  /**
   * Aborted when the caller closes its connection or the plugin shuts down. Stop long work then. Docker Engine waits 120 s
   * for `VolumeDriver.Create` and `Mount`, 60 s for other calls of volumes, and up to the time given when the plugin was
   * enabled (30 s) for calls of all other kinds; after a lost connection it calls again.
   */
  readonly signal: AbortSignal;
}

/** Handles one call. The result is sent as JSON; bytes are sent as they come. */
export type CallHandler = (
  message: Message,
  context: CallContext,
) => Promise<object | AsyncIterable<Uint8Array>>;

/** Rules for the requests and answers of one interface. */
export interface CallRules {
  /** Upper bound of a request body in bytes. Default 1 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /** Body of a failed answer; default `{"Err": message}`. */
  readonly failureBody?: ((message: string) => object) | undefined;
}

/** A handler and the rules of its interface. */
export interface ServedCall extends CallRules {
  readonly handle: CallHandler;
}

/** Calls by request path, such as `/VolumeDriver.Create`. */
export type ServedCalls = ReadonlyMap<string, ServedCall>;

/** One interface of the plugin protocol, served by a plugin. */
export interface Capability {
  readonly calls: ServedCalls;
  /** Start background work. Called once, before the first call. */
  start?(): void;
  /** Stop background work and wait for it. Called once, after the last call. */
  stop?(): Promise<void>;
}

/** Calls of one interface, such as `VolumeDriver`, from handlers by method. */
export function servedCalls(
  interfaceName: string,
  handlers: Readonly<Record<string, CallHandler>>,
  rules: CallRules = {},
): ServedCalls {
  return new Map(
    Object.entries(handlers).map(([method, handle]) => [`/${interfaceName}.${method}`, { handle, ...rules }]),
  );
}

/** Dependencies of every capability. */
export interface CapabilityDeps {
  readonly pluginName: string;
  /** Absolute path of a file that survives restarts, by its name; undefined for a plugin without a state directory. */
  readonly statePath: (name: string) => string | undefined;
  /** Receives one line for each failure that no answer reports. */
  readonly log: (message: string) => void;
}
