/**
 * The first JSON value of a text, as Go's stream decoder reads it. Docker ignores what follows, and plugins rely on that:
 * handlers that write an error and then go on to write a second answer are common.
 * @see Go encoding/json, Decoder.Decode
 */
import type { JsonValue } from '@outboard/oci';

/**
 * Upper bound of nested arrays and objects. Go's is 10,000, at which JSON.stringify() overflows the stack; real plugins
 * need a handful.
 */
const maxDepth = 256;
/** Upper bound of values, counted by commas: a bound in bytes does not bound the work of parsing. */
const maxValues = 500_000;

/**
 * Read the first value.
 * @returns undefined for empty text, malformed JSON, more than 256 levels, or more than 500,000 values
 */
export function parseFirstValue(text: string): JsonValue | undefined {
  const trimmed = text.trimStart();
  if (trimmed.startsWith('null')) return null;
  const end = endOfFirstValue(trimmed);
  if (end === undefined) return undefined;
  try {
    return JSON.parse(trimmed.slice(0, end));
  } catch {
    // The caller reports text that is not JSON.
    return undefined;
  }
}

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Index after the closing bracket; undefined when it is missing or a bound is exceeded. */
function endOfFirstValue(text: string): number | undefined {
  if (text[0] !== '{' && text[0] !== '[') return text.length;
  let depth = 0;
  let isInString = false;
  let values = 1;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (isInString) {
      if (code === backslash) index += 1;
      else if (code === quote) isInString = false;
    } else if (code === quote) {
      isInString = true;
    } else if (code === comma) {
      values += 1;
      if (values > maxValues) return undefined;
    } else if (code === openBrace || code === openBracket) {
      depth += 1;
      if (depth > maxDepth) return undefined;
    } else if (code === closeBrace || code === closeBracket) {
      depth -= 1;
      if (depth === 0) return index + 1;
    }
  }
  return undefined;
}
