/**
 * JSON that is read, changed in places and written again, without a change of the rest: numbers that no JavaScript number holds,
 * such as sizes above 2^53, keep their digits.
 */
import { isJsonObject, type JsonValue } from '@outboard/oci';
import { parseFirstValue } from '@outboard/protocol';

const token = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** Begins a string that stands for a number. */
const mark = '\u0000number ';
const marked = /^"\\u0000number (-?\d[\d.eE+-]*)"$/;
const mayBeInexact = /\d{16}|\d[.eE][\d+-]/;

/** The first value of a text, by the rules of Go's decoder. @returns undefined for text that is not JSON */
export function readJson(text: string): JsonValue | undefined {
  return parseFirstValue(mayBeInexact.test(text) ? text.replace(token, markInexact) : text);
}

/** The text of a value from `readJson`. */
export function writeJson(value: JsonValue): string {
  const text = JSON.stringify(value);
  return text.includes('\\u0000number ')
    ? text.replace(token, (found) => marked.exec(found)?.[1] ?? found)
    : text;
}

/** True if a text is one JSON value and nothing else, as readers want that do not stop after the first value. */
export function isOneValue(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function markInexact(text: string): string {
  if (text.startsWith('"') || String(Number(text)) === text) return text;
  return JSON.stringify(`${mark}${text}`);
}

/**
 * Copy an object with the spelling of field names that consumers expect. As in Go, names match in any letter case, the last of
 * several spellings wins, null is the same as an absent field, and unknown fields stay.
 */
export function spelledAs(value: JsonValue | undefined, names: readonly string[]): Record<string, JsonValue> {
  const spelled: Record<string, JsonValue> = Object.create(null);
  if (!isJsonObject(value)) return {};
  for (const [given, field] of Object.entries(value)) {
    const folded = given.toLowerCase();
    const name = names.find((candidate) => candidate.toLowerCase() === folded) ?? given;
    if (field !== null || !(name in spelled)) spelled[name] = field;
  }
  return { ...spelled };
}
