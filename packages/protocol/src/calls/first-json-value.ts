/**
 * The first JSON value of a text, as Go's stream decoder takes it: plugins were written against a reader that never
 * looks at what follows, and handlers that fail, answer, and then answer once more are common. What counts is what
 * they said first.
 * @see Go encoding/json, Decoder.Decode
 */
import type { JsonValue } from '@outboard/oci';

/**
 * Levels of arrays and objects inside one another. Go stops at 10,000; whoever writes such a value again as JSON would
 * run out of stack long before, and no plugin needs more than a handful.
 */
const maxDepth = 256;
/** Values, counted by what separates them: bytes alone do not bound the work that a reply makes. */
const maxValues = 500_000;

/**
 * Read the first value.
 * @returns undefined when there is none: nothing at all, broken JSON, more than 256 levels, or more than half a
 *   million values
 */
export function parseFirstValue(text: string): JsonValue | undefined {
  const trimmed = text.trimStart();
  if (trimmed.startsWith('null')) return null;
  const end = endOfFirstValue(trimmed);
  if (end === undefined) return undefined;
  try {
    return JSON.parse(trimmed.slice(0, end));
  } catch {
    // Not JSON is an answer of its own here; the caller knows what it means.
    return undefined;
  }
}

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Where the brackets are balanced; undefined when they never are or are nested too deeply. */
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
