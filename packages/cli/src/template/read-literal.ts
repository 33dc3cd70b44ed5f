/**
 * Constants of templates: numbers, characters and quoted texts.
 * @see The Go Programming Language Specification, "Integer literals" to "String literals"
 */

/** Pattern of a number. */
export const numberPattern = String.raw`[+-]?(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?)`;

/** Read a number in the form of `numberPattern`. */
export function readNumber(word: string): number {
  const sign = word.startsWith('-') ? -1 : 1;
  const digits = word.replace(/^[+-]/, '').replaceAll('_', '');
  const isOctal = /^0[0-7]+$/.test(digits);
  return sign * (isOctal ? Number.parseInt(digits, 8) : Number(digits));
}

/** Read a text or a character with its quotes. @returns undefined for an unknown escape, or more than one character */
export function readQuoted(word: string): string | number | undefined {
  const quote = word.charAt(0);
  const content = word.slice(1, -1);
  if (quote === '`') return content;
  const text = decodeEscapes(content);
  if (quote === '"' || text === undefined) return text;
  const [character, ...others] = text;
  return others.length === 0 ? character?.codePointAt(0) : undefined;
}

const escapeSequence =
  /\\(?:x([\da-fA-F]{2})|([0-7]{3})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([abfnrtv\\'"])|)/g;

const simpleEscapes = new Map(
  Object.entries({ a: '\u0007', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }),
);

/** Escapes with two hexadecimal or three octal digits are bytes of UTF-8. */
function decodeEscapes(content: string): string | undefined {
  const bytes: Buffer[] = [];
  let at = 0;
  for (const match of content.matchAll(escapeSequence)) {
    const [whole, hex, octal, short, long, simple] = match;
    const byte = hex === undefined ? octal && Number.parseInt(octal, 8) : Number.parseInt(hex, 16);
    const code = Number.parseInt(short ?? long ?? '', 16);
    bytes.push(Buffer.from(content.slice(at, match.index)));
    if (typeof byte === 'number' && byte <= 0xff) bytes.push(Buffer.of(byte));
    else if (code <= 0x10ffff) bytes.push(Buffer.from(String.fromCodePoint(code)));
    else if (simple !== undefined) bytes.push(Buffer.from(simpleEscapes.get(simple) ?? simple));
    else return undefined;
    at = match.index + whole.length;
  }
  bytes.push(Buffer.from(content.slice(at)));
  return Buffer.concat(bytes).toString();
}
