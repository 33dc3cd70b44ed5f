/**
 * Codecs of the addresses that network and IPAM drivers answer.
 */
import { type Codec, codec, DocumentMismatch } from '@outboard/oci';
import { cidrForm, isAddress, isCidr, isMac } from './network-addresses.ts';

/** An address with a prefix length; absent and null are ''. */
export const cidr = textOfForm(cidrForm, isCidr, ['', '10.0.0.2/24', 'fd00::2/64']);

/** An address without prefix length; absent and null are ''. */
export const address = textOfForm('an address', isAddress, ['', '10.0.0.1', 'fd00::1']);

/** A hardware address; absent and null are ''. */
export const macAddress = textOfForm('a hardware address', isMac, ['', '02:42:ac:11:00:02']);

/** An address with a prefix length, which must be there. */
export const requiredCidr: Codec<string> = {
  ...cidr,
  decode(document) {
    const value = cidr.decode(document);
    if (value !== '') return value;
    throw new DocumentMismatch(cidrForm, undefined);
  },
  shape: { kind: 'plain', samples: ['10.0.0.0/16'] },
};

function textOfForm(
  form: string,
  isForm: (text: string) => boolean,
  samples: readonly string[],
): Codec<string> {
  return {
    decode(document) {
      const value = codec.text.decode(document);
      if (value === '' || isForm(value)) return value;
      throw new DocumentMismatch(form, document);
    },
    encode: (value) => value,
    shape: { kind: 'plain', samples },
  };
}
