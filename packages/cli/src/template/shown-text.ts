/**
 * Values as templates print them. Text of values is untrusted and escaped; text of the template itself is not.
 */
import { encodePrintableJson, escapeText } from '../terminal/escape-text.ts';

/** Text that is safe to print: a literal of the template, or values that are escaped already. */
export class ShownText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** In JSON it is a string. */
  toJSON(): string {
    return this.text;
  }
}

/** Print a value as Go does, but objects as JSON unless they are maps, and hidden characters as escapes. */
export function showValue(value: unknown): string {
  if (value instanceof ShownText) return value.text;
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(showValue).join(' ')}]`;
  if (isGoMap(value)) return showMap(value);
  if (typeof value === 'object') return encodePrintableJson(value);
  return escapeText(String(value));
}

/** True for a text, of the template or of a value. */
export function isText(value: unknown): value is string | ShownText {
  return typeof value === 'string' || value instanceof ShownText;
}

/** The text of a value, for text functions. Not escaped. */
export function plainText(value: unknown): string {
  if (typeof value === 'string') return value;
  return showValue(value);
}

/** Change a text; the result is as safe to print as the text was. */
export function mapText(value: string | ShownText, change: (text: string) => string): string | ShownText {
  return typeof value === 'string' ? change(value) : new ShownText(change(value.text));
}

const goMap = Symbol('map');

/** Mark an object as one that Go holds as a map, so that it is printed as `map[key:value]`. @returns a marked copy */
export function asGoMap(value: object): object {
  return Object.defineProperty({ ...value }, goMap, { value: true });
}

function isGoMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && goMap in value;
}

function showMap(map: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(map).sort(([left], [right]) => (left < right ? -1 : 1));
  return `map[${entries.map(([key, value]) => `${escapeText(key)}:${showValue(value)}`).join(' ')}]`;
}
