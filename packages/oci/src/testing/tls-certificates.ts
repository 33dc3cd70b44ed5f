/**
 * Certificates of one key for tests of TLS.
 */
import { makeCertificate, makeKeys } from './certificate-maker.ts';

const keys = makeKeys();
const hosts = ['127.0.0.1', 'localhost'];

/** The private key of every certificate here. It guards nothing. */
export const tlsKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** Self-signed, for 127.0.0.1 and localhost. */
export const selfSigned = certificateFor(hosts);

/** Self-signed, for other.example. */
export const wrongName = certificateFor(['other.example']);

/** Self-signed, for 127.0.0.1 and localhost, valid for one day of 2001. */
export const expired = certificateFor(hosts, {
  notBefore: new Date('2001-01-01'),
  notAfter: new Date('2001-01-02'),
});

function certificateFor(
  names: readonly string[],
  validity: { readonly notBefore?: Date; readonly notAfter?: Date } = {},
): string {
  return makeCertificate({ name: 'outboard-test', keys, isAuthority: true, names, ...validity }).pem;
}
