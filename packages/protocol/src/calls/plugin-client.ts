/**
 * Calls to a plugin, as every typed client makes them.
 */
import type { JsonObject } from '@outboard/oci';
import type { PluginAddress } from '../connection/plugin-address.ts';
import type { ReplyFields } from './plugin-reply.ts';

/** The plugin to call, and the limits of its calls. */
export type PluginClientOptions = PluginClientLimits &
  (
    | {
        /** Path of the plugin's socket on the host. Each connection opens it again; symbolic links are not followed. */
        readonly socketPath: string;
      }
    | { readonly address: PluginAddress }
  );

/** Limits of calls that do not give their own. */
export interface PluginClientLimits {
  /** Time limit of one call, retries included, in milliseconds; 0 or absent for none. */
  readonly timeoutMs?: number | undefined;
  /** Upper bound of a reply in bytes; default 1 MiB. */
  readonly maxReplyBytes?: number | undefined;
}

/** Options of one call. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Replaces the client's limit. */
  readonly timeoutMs?: number | undefined;
  /** Permits a retry after a lost reply; default false. */
  readonly idempotent?: boolean | undefined;
  /** Forbids retries, also when no connection can be made; default false. */
  readonly isTriedOnce?: boolean | undefined;
  /** Marks the reply as secret: errors quote nothing of it but `Err`. Default false. */
  readonly confidential?: boolean | undefined;
  /** Upper bound of the reply in bytes; replaces the client's. */
  readonly maxReplyBytes?: number | undefined;
  /** Leaves `Err` in a reply with status 200 to the caller; default false: the call fails with it. */
  readonly leavesErr?: boolean | undefined;
}

/** One HTTP request as another program made it. */
export interface ForwardedRequest {
  /** The request target, such as `/VolumeDriver.Get`. */
  readonly path: string;
  /**
   * Names and values in turn, as Node.js lists them in `rawHeaders`. `Host` is set by the client; those of the connection itself
   * (`Connection`, `Keep-Alive`, `Transfer-Encoding`, `Upgrade`, `Expect`) are not permitted.
   */
  readonly headers: readonly string[];
  /** Bytes, which every attempt sends whole; or chunks, which are read once, from the moment that a connection is made. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}

/** The answer to a forwarded request, byte for byte. */
export interface ForwardedAnswer {
  readonly status: number;
  /** Names and values in turn, those of the connection included. */
  readonly headers: readonly string[];
  /** The body, as it arrives of a stream; read it once. @throws {OutboardError} while it is read: as `PluginClient.call` */
  readonly body: AsyncIterable<Uint8Array>;
  /** The whole body instead. @throws {OutboardError} code `plugin-reply-too-large` beyond `maxReplyBytes`; as `PluginClient.call` */
  bytes(): Promise<Buffer>;
}

/** Options of one forwarded request. */
export type ForwardOptions = Pick<
  CallOptions,
  'signal' | 'timeoutMs' | 'idempotent' | 'isTriedOnce' | 'maxReplyBytes'
> & {
  /** Makes the request on a connection of its own, and limits the time until the status line only. Default false. */
  readonly isStream?: boolean | undefined;
};

/** Calls one plugin. Disposing closes all connections: running and later calls fail. */
export interface PluginClient extends AsyncDisposable {
  /**
   * Call one method.
   *
   * While no connection can be made, the call is retried for at most 30 s. Once the request may have reached the
   * plugin, only idempotent calls are retried. Every attempt sends the whole body.
   * @param method such as `VolumeDriver.Create`
   * @param request JSON body; empty when absent
   * @throws {OutboardError} system, code `plugin-error`, when the plugin reports a failure (`details.status`,
   *   `details.err`); system, code `plugin-reply-malformed` or `plugin-reply-too-large`; unavailable, code
   *   `plugin-timeout`, `plugin-connection-lost` or a code of `connectSocket`; the reason of an aborted signal
   */
  call(method: string, request?: JsonObject, options?: CallOptions): Promise<ReplyFields>;
  /**
   * Call a method whose reply is a byte stream, on a connection of its own. The call is made when the first chunk is
   * read; leaving the loop early closes the connection.
   *
   * The time limit covers the time until the status line; after that only the signal ends the wait.
   * @throws {OutboardError} as `call`; also while reading, when the connection breaks
   */
  stream(method: string, request: JsonObject, options?: CallOptions): AsyncIterable<Uint8Array>;
  /**
   * Forward one request as it is, and hand over the answer as it is, whatever its status. Retried as `call`.
   *
   * @param receive gets the answer: a whole one, or of a stream its beginning. A stream ends with it
   * @throws {OutboardError} as `call`, but never `plugin-error`; the error of `receive`
   */
  forward<Result>(
    request: ForwardedRequest,
    receive: (answer: ForwardedAnswer) => Promise<Result>,
    options?: ForwardOptions,
  ): Promise<Result>;
}
