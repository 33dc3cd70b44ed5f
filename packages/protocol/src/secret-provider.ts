/**
 * The typed client of SecretProvider 1.0. A secret is in the answer and nowhere else: no error of this client shows
 * anything of it.
 * @see swarmkit manager/drivers/secrets.go and api/secrets (2023)
 */
import { type JsonObject, OutboardError } from '@outboard/oci';
import { callsOf, type DriverCall, method } from './driver-calls.ts';
import type { PluginClient } from './plugin-client.ts';

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

const rules = { GetSecret: { ...method, confidential: true } } as const;
const maxSecretBytes = 500 * 1024;

/** Make a secret provider of a plugin. The client stays the caller's. */
export function createSecretProvider(client: PluginClient): SecretProvider {
  const call = callsOf(client, 'SecretProvider', rules);
  return {
    async getSecret(request, given) {
      const reply = await call('GetSecret', requestFields(request), given);
      const value = reply.bytes('Value');
      if (value.length > 0 && value.length <= maxSecretBytes) {
        return { value, doNotReuse: reply.boolean('DoNotReuse') };
      }
      const message = `SecretProvider.GetSecret: malformed reply: want 1 to ${maxSecretBytes} bytes, got ${value.length}`;
      throw new OutboardError('system', message, { code: 'plugin-reply-malformed' });
    },
  };
}

/** What is not known is absent, as Go's `omitempty` does it. */
function requestFields(request: SecretRequest): JsonObject {
  const fields = {
    SecretName: request.secretName,
    SecretLabels: request.secretLabels,
    ServiceID: request.serviceId,
    ServiceName: request.serviceName,
    ServiceHostname: request.serviceHostname,
    ServiceLabels: request.serviceLabels,
    TaskID: request.taskId,
    TaskName: request.taskName,
    TaskImage: request.taskImage,
    NodeID: request.nodeId,
    ServiceEndpointSpec: request.endpoint === undefined ? undefined : endpointFields(request.endpoint),
  };
  return withoutAbsent(fields);
}

function endpointFields({ mode, ports }: NonNullable<SecretRequest['endpoint']>): JsonObject {
  return {
    Mode: mode,
    Ports: ports.map((port) =>
      withoutAbsent({
        Name: port.name,
        Protocol: port.protocol,
        TargetPort: port.targetPort,
        PublishedPort: port.publishedPort,
        PublishMode: port.publishMode,
      }),
    ),
  };
}

function withoutAbsent(fields: Readonly<Record<string, JsonObject[string] | undefined>>): JsonObject {
  const present = Object.entries(fields).flatMap(([name, value]) => {
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(present);
}
