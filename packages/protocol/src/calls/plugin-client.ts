/**
 * Calls to a plugin, as every typed client makes them.
 */
import type { JsonObject } from '@outboard/oci';
import type { PluginAddress } from '../connection/plugin-address.ts';
import type { ReplyFields } from './plugin-reply.ts';

export type PluginClientOptions = PluginClientLimits &
  (
    | {
        /** Path of the plugin's socket on the host. It is opened anew for each connection, and through no link. */
        readonly socketPath: string;
      }
    | { readonly address: PluginAddress }
  );

export interface PluginClientLimits {
  /** How long one call may take, retries included, unless the call says otherwise; 0 or absent means for ever. */
  readonly timeoutMs?: number;
  /** Bytes of the largest reply; default 1 MiB. */
  readonly maxReplyBytes?: number;
  /** Waits between attempts; for tests. */
  readonly delay?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Milliseconds of a clock that never goes back; for tests. */
  readonly now?: () => number;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** In place of the client's. */
  readonly timeoutMs?: number;
  /** Whether a call whose reply was lost may be sent again; default false. */
  readonly idempotent?: boolean;
  /** Whether a call fails at once when no connection can be made; default false. */
  readonly isTriedOnce?: boolean;
  /** The reply holds secrets: errors show nothing of it but what the plugin says in `Err`. */
  readonly confidential?: boolean;
  /** Bytes of the largest reply, in place of the client's. */
  readonly maxReplyBytes?: number;
  /** Whether `Err` in a reply of status 200 is a field for the caller to read; default false: it fails the call. */
  readonly leavesErr?: boolean;
}

/** A plugin that can be called. Disposing closes its connections: calls under way and all later ones fail. */
export interface PluginClient extends AsyncDisposable {
  /**
   * Call one method.
   *
   * While no connection can be made the call is tried again, for 30 s at most; once a request may have reached the
   * plugin only idempotent calls are. Every attempt sends the whole body.
   * @param method such as `VolumeDriver.Create`
   * @param request without it the body is empty
   * @throws {OutboardError} system, code `plugin-error`, when the plugin says it failed (`details.status`,
   *   `details.err`); system, code `plugin-reply-malformed` or `plugin-reply-too-large`; unavailable, code
   *   `plugin-timeout`, or the code of `connectSocket`, or `plugin-connection-lost`; the reason of an aborted signal
   */
  call(method: string, request?: JsonObject, options?: CallOptions): Promise<ReplyFields>;
  /**
   * Call a method that answers with bytes for as long as it likes, on a connection of its own. The call is made when
   * the first bytes are asked for; stopping early closes the connection.
   *
   * The time limit ends with the first sign of an answer, its status; from then on only the signal ends the wait.
   * @throws {OutboardError} as `call`; also in the middle, when the connection breaks
   */
  stream(method: string, request: JsonObject, options?: CallOptions): AsyncIterable<Uint8Array>;
}
