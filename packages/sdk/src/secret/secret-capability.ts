/**
 * The SecretProvider protocol over an author's provider. No value reaches an error or the log.
 * @see moby swarmkit manager/drivers/secrets.go
 */
import { PluginError } from '../plugin-error.ts';
import { type CallHandler, type Capability, servedCalls } from '../wire/call.ts';
import {
  integerField,
  type Message,
  messageField,
  messageListField,
  requiredTextField,
  textField,
  textMapField,
} from '../wire/message.ts';
import type { SecretProvider, SecretRequest } from './secret-provider.ts';

/** Upper bound of a value in bytes, as in the engine. */
const maxSecretBytes = 500 * 1024;

/** Serve a secret provider. */
export function openSecretCapability(provider: SecretProvider): Capability {
  const GetSecret: CallHandler = async (message, context) => {
    const request = readRequest(message);
    const name = JSON.stringify(request.secretName);
    const secret = await provider.getSecret(request, context);
    if (secret === undefined) throw new PluginError(`secret ${name} does not exist`);
    const value = Buffer.from(secret.value);
    if (value.length === 0 || value.length > maxSecretBytes) {
      throw new PluginError(
        `secret ${name} has ${value.length} bytes: an engine takes 1 to ${maxSecretBytes} bytes`,
      );
    }
    return { Value: value.toString('base64'), DoNotReuse: secret.isForTaskOnly ?? false };
  };
  return { calls: servedCalls('SecretProvider', { GetSecret }) };
}

function readRequest(message: Message): SecretRequest {
  const endpoint = messageField(message, 'ServiceEndpointSpec');
  return {
    secretName: requiredTextField(message, 'SecretName'),
    secretLabels: textMapField(message, 'SecretLabels'),
    serviceId: textField(message, 'ServiceID'),
    serviceName: textField(message, 'ServiceName'),
    serviceHostname: textField(message, 'ServiceHostname'),
    serviceLabels: textMapField(message, 'ServiceLabels'),
    taskId: textField(message, 'TaskID'),
    taskName: textField(message, 'TaskName'),
    taskImage: textField(message, 'TaskImage'),
    nodeId: textField(message, 'NodeID'),
    endpointMode: integerField(endpoint, 'Mode'),
    ports: messageListField(endpoint, 'Ports').map((port) => ({
      name: textField(port, 'Name'),
      protocol: integerField(port, 'Protocol'),
      targetPort: integerField(port, 'TargetPort'),
      publishedPort: integerField(port, 'PublishedPort'),
      publishMode: integerField(port, 'PublishMode'),
    })),
  };
}
