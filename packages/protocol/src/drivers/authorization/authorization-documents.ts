/**
 * The documents of AuthZPlugin, one table each. Empty fields are not sent.
 * @see moby pkg/authorization/api.go (28.x)
 */
import { codec } from '@outboard/oci';

const { bytes, field, object, optionalField, optionalFieldUnlessEmpty, text, textRecord } = codec;

/** Text of a PEM certificate, in base64 as Go encodes it. */
const certificate = codec.formatted(
  (encoded) => Buffer.from(encoded, 'base64').toString('utf8'),
  (pem) => Buffer.from(pem).toString('base64'),
  ['', 'LS0tLS0='],
);

/** Request of `AuthZReq`, and first part of the request of `AuthZRes`, less the user. */
export const requestCodec = object({
  method: field('RequestMethod', text),
  /** The request target as received, with version prefix, escapes and query. */
  uri: field('RequestUri', text),
  body: optionalFieldUnlessEmpty('RequestBody', bytes),
  headers: codec.fieldUnlessEmpty('RequestHeaders', textRecord),
  /** Certificate chain of the client, leaf first, as PEM. */
  peerCertificates: optionalFieldUnlessEmpty('RequestPeerCertificates', codec.listOrEmpty(certificate)),
});

/** Second part of the request of `AuthZRes`. */
export const responseCodec = object({
  status: optionalField('ResponseStatusCode', codec.wholeNumber(0, 999)),
  body: optionalFieldUnlessEmpty('ResponseBody', bytes),
  headers: optionalFieldUnlessEmpty('ResponseHeaders', textRecord),
});
