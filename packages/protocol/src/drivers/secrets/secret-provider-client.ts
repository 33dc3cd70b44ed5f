/**
 * The client of SecretProvider 1.0. Errors of this client hold no part of a secret.
 * @see swarmkit manager/drivers/secrets.go and api/secrets (2023)
 */
import { type JsonObject, OutboardError } from '@outboard/oci';
import type { PluginClient } from '../../calls/plugin-client.ts';
import { callsOf, method } from '../driver-calls.ts';
import { presentFields } from '../present-fields.ts';
import type { SecretProvider, SecretRequest } from './secret-provider.ts';

const rules = { GetSecret: { ...method, confidential: true } } as const;
const maxSecretBytes = 500 * 1024;

/** The secret provider that a plugin implements. The caller disposes the client. */
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

function requestFields(request: SecretRequest): JsonObject {
  return presentFields({
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
  });
}

function endpointFields({ mode, ports }: NonNullable<SecretRequest['endpoint']>): JsonObject {
  return {
    Mode: mode,
    Ports: ports.map((port) =>
      presentFields({
        Name: port.name,
        Protocol: port.protocol,
        TargetPort: port.targetPort,
        PublishedPort: port.publishedPort,
        PublishMode: port.publishMode,
      }),
    ),
  };
}
