/**
 * Values as templates print them.
 */
import { encodePrintableJson, escapeText } from '../terminal/escape-text.ts';

/** Text that is safe to print unchanged: untrusted parts are escaped, line ends are those of the template. */
export class ShownText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Print a value as Go does, but objects as JSON, and hidden characters as escapes. */
export function showValue(value: unknown): string {
  if (value instanceof ShownText) return value.text;
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(showValue).join(' ')}]`;
  if (typeof value === 'object') return encodePrintableJson(value);
  return escapeText(String(value));
}

/** The text of a value, for text functions. */
export function plainText(value: unknown): string {
  if (typeof value === 'string') return value;
  return showValue(value);
}
