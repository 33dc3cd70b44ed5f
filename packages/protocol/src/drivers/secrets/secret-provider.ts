/**
 * Secret providers: the interface SecretProvider 1.0 of SwarmKit's plugin protocol.
 */
import type { DriverCall } from '../driver-calls.ts';

/** A port that a service publishes. Protocols and modes are SwarmKit's numbers. */
export interface ServicePort {
  readonly name?: string | undefined;
  readonly protocol?: number | undefined;
  readonly targetPort?: number | undefined;
  readonly publishedPort?: number | undefined;
  readonly publishMode?: number | undefined;
}

/** A secret to get, and the task that needs it. The provider decides by these fields; the protocol requires none. */
export interface SecretRequest {
  readonly secretName: string;
  readonly secretLabels?: Readonly<Record<string, string>> | undefined;
  readonly serviceId?: string | undefined;
  readonly serviceName?: string | undefined;
  readonly serviceHostname?: string | undefined;
  readonly serviceLabels?: Readonly<Record<string, string>> | undefined;
  readonly taskId?: string | undefined;
  readonly taskName?: string | undefined;
  readonly taskImage?: string | undefined;
  readonly nodeId?: string | undefined;
  readonly endpoint?: { readonly mode: number; readonly ports: readonly ServicePort[] } | undefined;
}

/** A secret. Keep it out of logs, errors and files. */
export interface Secret {
  /** 1 byte to 500 KiB. */
  readonly value: Buffer;
  /** The secret is for this task only: other tasks need a call of their own. */
  readonly doNotReuse: boolean;
}

/** A secret provider. Every method throws as `PluginClient.call`, with no part of the secret in the error. */
export interface SecretProvider {
  /**
   * Get a secret. Sent once: a provider may create a new secret for each call.
   * @throws {OutboardError} also system, code `plugin-reply-malformed`, for an empty secret or more than 500 KiB
   */
  getSecret(request: SecretRequest, call?: DriverCall): Promise<Secret>;
}
