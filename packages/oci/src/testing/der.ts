/**
 * Encodes values in DER, for certificates and time stamps of tests: Node.js cannot write them, and not every machine has openssl.
 * @see X.690
 */

/** An element. @param tag such as 0x30 for a sequence */
export function element(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

/** A sequence of elements. */
export function sequence(...parts: readonly Buffer[]): Buffer {
  return element(0x30, ...parts);
}

/** A set of elements, which the caller has in order. */
export function set(...parts: readonly Buffer[]): Buffer {
  return element(0x31, ...parts);
}

/** A number from 0 to 127. */
export function integer(value: number): Buffer {
  return element(0x02, Buffer.from([value]));
}

/** A boolean that is true; false is the absence of it. */
export const isTrue = element(0x01, Buffer.from([0xff]));

/** Octets. */
export function octets(...parts: readonly Buffer[]): Buffer {
  return element(0x04, ...parts);
}

/** Bits, all octets of them in use. */
export function bits(content: Buffer): Buffer {
  return element(0x03, Buffer.from([0]), content);
}

/** An object identifier. @param dotted such as `2.5.4.3` */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return element(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const bytes = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.unshift((rest % 128) + 128);
  }
  return bytes;
}

/** A time: GeneralizedTime after 2049, UTCTime before, as RFC 5280 wants for certificates. */
export function time(date: Date): Buffer {
  return date.getUTCFullYear() < 2050
    ? element(0x17, Buffer.from(digitsOf(date).slice(2)))
    : generalizedTime(date);
}

/** A time with four digits for the year, in whole seconds. */
export function generalizedTime(date: Date): Buffer {
  return element(0x18, Buffer.from(digitsOf(date)));
}

function digitsOf(date: Date): string {
  return date.toISOString().replace(/[-:T]|\.\d+/g, '');
}

/** A distinguished name of one common name. */
export function commonName(name: string): Buffer {
  return sequence(set(sequence(objectId('2.5.4.3'), element(0x0c, Buffer.from(name)))));
}

/** Algorithm identifier of signatures by ECDSA with SHA-256. */
export const ecdsaWithSha256 = sequence(objectId('1.2.840.10045.4.3.2'));

/** The text form of an element. @param label such as `CERTIFICATE` */
export function pem(label: string, content: Buffer): string {
  const lines = content.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
