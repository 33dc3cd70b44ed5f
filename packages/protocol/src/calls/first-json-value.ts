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
/**
 * Upper bound of values, counted by commas: a bound in bytes does not bound the work of parsing, which is one turn of the event
 * loop. It has room for tens of thousands of volumes.
 */
const maxValues = 200_000;
/** Upper bound of the members of one object: each name that no other object has costs a hundred times as much as a value. */
const maxMembers = 4096;

/**
 * Read the first value.
 * @returns undefined for empty text, malformed JSON, or more than 256 levels, 200,000 values or 4,096 members of one object
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
  /** Members that each open object has left; those of arrays are not counted. */
  const left: number[] = [];
  let values = 1;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === quote) {
      index = endOfString(text, index);
    } else if (code === comma) {
      values += 1;
      const members = (left.pop() ?? 0) - 1;
      if (values > maxValues || members < 0) return undefined;
      left.push(members);
    } else if (code === openBrace || code === openBracket) {
      left.push(code === openBrace ? maxMembers - 1 : maxValues);
      if (left.length > maxDepth) return undefined;
    } else if (code === closeBrace || code === closeBracket) {
      left.pop();
      if (left.length === 0) return index + 1;
    }
  }
  return undefined;
}

/** Index of the quote that ends a string; the length of the text when there is none. @param start index of the first quote */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === backslash) escapes += 1;
    if (escapes % 2 === 0) return end;
  }
  return text.length;
}
