/**
 * Values as templates print them.
 */
import { encodePrintableJson, escapeText } from '../terminal/escape-text.ts';

/** Text that is safe to print as it is: its parts from outside were escaped, its line ends are the template's own. */
export class ShownText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** As Go prints values, but objects as JSON; hidden characters as escapes. */
export function showValue(value: unknown): string {
  if (value instanceof ShownText) return value.text;
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(showValue).join(' ')}]`;
  if (typeof value === 'object') return encodePrintableJson(value);
  return escapeText(String(value));
}

/** The characters of a value, for functions of text. */
export function plainText(value: unknown): string {
  if (typeof value === 'string') return value;
  return showValue(value);
}
