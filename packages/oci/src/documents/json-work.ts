/**
 * The work that a JSON text makes for a parser and for whoever reads the result, found out before it is parsed: a
 * megabyte of small members costs a hundred times what a megabyte of text does.
 */

/** Values in one document that comes from outside, at most. */
export const maxJsonValues = 100_000;

/**
 * Whether a text has at most this many values, counted by what separates them. It may be no JSON at all; then the
 * parser says so.
 * @param bytes UTF-8
 */
export function hasBoundedValues(bytes: Uint8Array, maxValues: number = maxJsonValues): boolean {
  let values = 1;
  let isInString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (isInString) {
      if (byte === 0x5c) at++;
      else if (byte === 0x22) isInString = false;
    } else if (byte === 0x22) isInString = true;
    // , and the brackets that open a value's own values
    else if (byte === 0x2c || byte === 0x7b || byte === 0x5b) {
      values++;
      if (values > maxValues) return false;
    }
  }
  return true;
}
