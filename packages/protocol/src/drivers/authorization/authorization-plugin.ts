/**
 * Authorization plugins: the interface AuthZPlugin of Docker's plugin protocol.
 */
import type { Given, ValueOf } from '@outboard/oci';
import type { DriverCall } from '../driver-calls.ts';
import type { requestCodec, responseCodec } from './authorization-documents.ts';

/** An API request to authorize. The caller removes secrets first. */
export interface AuthorizationRequest extends Given<ValueOf<typeof requestCodec>> {
  /** The client's identity and how it was established (`TLS`); absent when unknown. */
  readonly user?: { readonly name: string; readonly authenticationMethod: string } | undefined;
}

/** An API response to authorize. All fields are absent for a streamed response and for a failed request. */
export type AuthorizationResponse = Given<ValueOf<typeof responseCodec>>;

/** A plugin's decision. */
export type AuthorizationDecision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reason: string };

/**
 * An authorization plugin. Calls are sent again when their reply was lost, and throw as `PluginClient.call`; also when
 * the plugin allows a request and reports an error at once, which Docker takes as permission.
 */
export interface AuthorizationPlugin {
  /** Ask whether a request may run. */
  authorizeRequest(request: AuthorizationRequest, call?: DriverCall): Promise<AuthorizationDecision>;
  /** Ask whether the response to a request may be sent. */
  authorizeResponse(
    request: AuthorizationRequest,
    response: AuthorizationResponse,
    call?: DriverCall,
  ): Promise<AuthorizationDecision>;
}
