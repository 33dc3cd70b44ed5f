/**
 * Bounds the work of parsing a JSON text before it is parsed: a megabyte of small members costs a hundred times as much
 * as a megabyte of text.
 */

/** Upper bound of the number of values in one document from outside, which is parsed in one turn of the event loop. */
export const maxJsonValues = 32_768;

/**
 * True when a text has at most this many values, counted by its separators. A text that is not JSON passes: the parser
 * refuses it.
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
    // a comma, or the bracket that opens an object or a list
    else if (byte === 0x2c || byte === 0x7b || byte === 0x5b) {
      values++;
      if (values > maxValues) return false;
    }
  }
  return true;
}
