/**
 * Authorization plugins: the interface AuthZPlugin of Docker's plugin protocol.
 */
import type { DriverCall } from '../driver-calls.ts';

/** A request to be judged, as far as a plugin may see it. Secrets are the asker's to leave out. */
export interface AuthorizationRequest {
  /** Who asks, and how that is known (`TLS`); absent when it is not known. */
  readonly user?: { readonly name: string; readonly authenticationMethod: string };
  readonly method: string;
  /** The request target as it came: version prefix, escapes and query included. */
  readonly uri: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Certificates of the client, its own first, as PEM. */
  readonly peerCertificates?: readonly string[];
}

/** An answer to be judged; empty for one that is streamed, and for a failed request. */
export interface AuthorizationResponse {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** What a plugin decides. */
export type AuthorizationDecision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reason: string };

/**
 * Every call may be sent again when its reply was lost, and throws as `PluginClient.call`; also when the plugin allows
 * and reports an error at once, which Docker takes as leave.
 */
export interface AuthorizationPlugin {
  /** Whether a request may run. */
  authorizeRequest(request: AuthorizationRequest, call?: DriverCall): Promise<AuthorizationDecision>;
  /** Whether the answer to a request may be sent. */
  authorizeResponse(
    request: AuthorizationRequest,
    response: AuthorizationResponse,
    call?: DriverCall,
  ): Promise<AuthorizationDecision>;
}
