/**
 * Secret providers: the interface SecretProvider 1.0 of SwarmKit's plugin protocol.
 */
import type { DriverCall } from '../driver-calls.ts';

/** A port that a service publishes. The numbers of protocols and modes are SwarmKit's. */
export interface ServicePort {
  readonly name?: string;
  readonly protocol?: number;
  readonly targetPort?: number;
  readonly publishedPort?: number;
  readonly publishMode?: number;
}

/** Which secret, and for whom. Every field is for the provider to decide by; none is required by the protocol. */
export interface SecretRequest {
  readonly secretName: string;
  readonly secretLabels?: Readonly<Record<string, string>>;
  readonly serviceId?: string;
  readonly serviceName?: string;
  readonly serviceHostname?: string;
  readonly serviceLabels?: Readonly<Record<string, string>>;
  readonly taskId?: string;
  readonly taskName?: string;
  readonly taskImage?: string;
  readonly nodeId?: string;
  readonly endpoint?: { readonly mode: number; readonly ports: readonly ServicePort[] };
}

/** A secret. Keep it out of logs, errors and files. */
export interface Secret {
  /** 1 byte to 500 KiB. */
  readonly value: Buffer;
  /** Of this task alone: another task asks again. */
  readonly doNotReuse: boolean;
}

/** Every call throws as `PluginClient.call`, with nothing of the secret in the error. */
export interface SecretProvider {
  /**
   * Sent once: a provider may make a new secret for each call.
   * @throws {OutboardError} also system, code `plugin-reply-malformed`, for no secret or more than 500 KiB
   */
  getSecret(request: SecretRequest, call?: DriverCall): Promise<Secret>;
}
