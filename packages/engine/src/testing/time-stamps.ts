/**
 * Time stamps of RFC 3161 for tests.
 */
import { createHash, sign } from 'node:crypto';
import { der, type MadeCertificate } from '@outboard/oci/testing';

const { commonName, element, integer, objectId, octets, sequence, set } = der;

const sha256 = sequence(objectId('2.16.840.1.101.3.4.2.1'));
const signedData = objectId('1.2.840.113549.1.7.2');
const timeStampInfo = objectId('1.2.840.113549.1.9.16.1.4');

/**
 * Stamp bytes.
 * @param authority its certificate, which `issuer` made
 * @returns a response in DER
 * @see RFC 3161, 2.4.2; RFC 5652, section 5
 */
export function makeTimeStamp(
  bytes: Buffer,
  {
    authority,
    issuer,
    at,
  }: { readonly authority: MadeCertificate; readonly issuer: string; readonly at: Date },
): Buffer {
  const info = sequence(
    integer(1),
    objectId('1.3.6.1.4.1.57264.2'),
    sequence(sha256, octets(digestOf(bytes))),
    integer(1),
    der.generalizedTime(at),
  );
  const attributes = [
    sequence(objectId('1.2.840.113549.1.9.3'), set(timeStampInfo)),
    sequence(objectId('1.2.840.113549.1.9.4'), set(octets(digestOf(info)))),
  ];
  const signer = sequence(
    integer(1),
    sequence(commonName(issuer), authority.serial),
    sha256,
    element(0xa0, ...attributes),
    der.ecdsaWithSha256,
    // Signed as the set that it is, not under the tag that it has in the message.
    octets(sign('sha256', set(...attributes), authority.privateKey)),
  );
  const content = sequence(timeStampInfo, element(0xa0, octets(info)));
  const message = sequence(integer(3), set(sha256), content, set(signer));
  return sequence(sequence(integer(0)), sequence(signedData, element(0xa0, message)));
}

function digestOf(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
