/**
 * The documents of SecretProvider 1.0, one table each.
 * @see swarmkit manager/drivers/secrets.go and api/secrets (2023)
 */
import { codec } from '@outboard/oci';

const { field, object, optionalField, text, textRecord } = codec;

const number = codec.wholeNumber(0, 0xffffffff);

/** A port that a service publishes. Protocols and modes are SwarmKit's numbers. */
const servicePortCodec = object({
  name: optionalField('Name', text),
  protocol: optionalField('Protocol', number),
  targetPort: optionalField('TargetPort', number),
  publishedPort: optionalField('PublishedPort', number),
  publishMode: optionalField('PublishMode', number),
});

/** Request of `GetSecret`. Fields that are not given are not sent. */
export const secretRequestCodec = object({
  secretName: field('SecretName', text),
  secretLabels: optionalField('SecretLabels', textRecord),
  serviceId: optionalField('ServiceID', text),
  serviceName: optionalField('ServiceName', text),
  serviceHostname: optionalField('ServiceHostname', text),
  serviceLabels: optionalField('ServiceLabels', textRecord),
  taskId: optionalField('TaskID', text),
  taskName: optionalField('TaskName', text),
  taskImage: optionalField('TaskImage', text),
  nodeId: optionalField('NodeID', text),
  endpoint: optionalField(
    'ServiceEndpointSpec',
    object({
      mode: field('Mode', number),
      ports: field('Ports', codec.listOrEmpty(servicePortCodec)),
    }),
  ),
});

/** Reply to `GetSecret`. */
export const secretCodec = object({
  /** 1 byte to 500 KiB. */
  value: field('Value', codec.bytes),
  /** The secret is for this task only: other tasks need a call of their own. */
  doNotReuse: field('DoNotReuse', codec.flag),
});
