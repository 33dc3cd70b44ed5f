/**
 * Secret providers: the interface SecretProvider 1.0 of SwarmKit's plugin protocol.
 */
import type { Given, ValueOf } from '@outboard/oci';
import type { DriverCall } from '../driver-calls.ts';
import type { secretCodec, secretRequestCodec } from './secret-documents.ts';

/** A secret to get, and the task that needs it. The provider decides by these fields; the protocol requires none. */
export type SecretRequest = Given<ValueOf<typeof secretRequestCodec>>;

/** A secret. Keep it out of logs, errors and files. */
export type Secret = ValueOf<typeof secretCodec>;

/** A secret provider. Every method throws as `PluginClient.call`, with no part of the secret in the error. */
export interface SecretProvider {
  /**
   * Get a secret. Sent once: a provider may create a new secret for each call.
   * @throws {OutboardError} also system, code `plugin-reply-malformed`, for an empty secret or more than 500 KiB
   */
  getSecret(request: SecretRequest, call?: DriverCall): Promise<Secret>;
}
