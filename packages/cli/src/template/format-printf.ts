/**
 * Go's `printf`, with its way to show what is wrong with a verb or a value: in the text.
 * @see Go fmt, "Printing" and "Format errors"
 */
import { escapeText } from '../terminal/escape-text.ts';
import { isText, plainText, showValue } from './shown-text.ts';

const verb = /%([-+# 0]*)(?:\[(\d{1,3})\])?(\*|\d{1,3})?(?:\.(\*|\d{0,2}))?(?:\[(\d{1,3})\])?([\s\S])?/gu;

/** Flags, width and precision of a verb. */
interface Form {
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
}

/** Format values. The format is not escaped, values are. */
export function formatPrintf(format: string, values: readonly unknown[]): string {
  let next = 0;
  let isOrdered = true;
  const take = (place: string | undefined) => {
    if (place !== undefined) {
      next = Number(place) - 1;
      isOrdered = false;
    }
    return next < values.length ? { value: values[next++] } : undefined;
  };
  const size = (text: string | undefined) => {
    if (text !== '*') return text === undefined ? undefined : Number(text);
    const { value } = take(undefined) ?? {};
    return typeof value === 'number' ? Math.min(1_000, Math.abs(value)) : undefined;
  };
  const shown = format.replace(verb, (_whole: string, ...groups: (string | undefined)[]) => {
    const [flags = '', place, widthText, precisionText, laterPlace, letter] = groups;
    if (letter === undefined) return '%!(NOVERB)';
    if (letter === '%') return '%';
    const form = { flags, width: size(widthText) ?? 0, precision: size(precisionText) };
    const taken = take(laterPlace ?? place);
    if (taken === undefined) return `%!${letter}(MISSING)`;
    return pad(formatValue(letter, taken.value, form), letter, form);
  });
  const extra = values.slice(next).map((value) => `${typeOf(value)}=${showValue(value)}`);
  return extra.length > 0 && isOrdered ? `${shown}%!(EXTRA ${extra.join(', ')})` : shown;
}

function pad(text: string, letter: string, { flags, width }: Form): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (flags.includes('-')) return text + ' '.repeat(missing);
  if (!flags.includes('0')) return ' '.repeat(missing) + text;
  const sign = /[bdoxXeEfFgG]/.test(letter) ? (/^[+ -]/.exec(text)?.[0] ?? '') : '';
  return sign + '0'.repeat(missing) + text.slice(sign.length);
}

function formatValue(letter: string, value: unknown, form: Form): string {
  if (letter === 'T') return typeOf(value);
  if (Array.isArray(value)) return `[${value.map((each) => formatValue(letter, each, form)).join(' ')}]`;
  if (letter === 'v' && !isText(value)) return showValue(value);
  if (letter === 'v')
    return formatKnown(form.flags.includes('#') ? 'q' : 's', value, { ...form, flags: '' }) ?? '';
  const shown = formatKnown(letter, value, form);
  if (shown !== undefined) return shown;
  return value === null || value === undefined
    ? `%!${letter}(<nil>)`
    : `%!${letter}(${typeOf(value)}=${showValue(value)})`;
}

/** @returns undefined for a verb that does not exist for this kind of value */
function formatKnown(letter: string, value: unknown, form: Form): string | undefined {
  if (isText(value)) return formatText(letter, value, form);
  if (typeof value === 'boolean') return letter === 't' ? String(value) : undefined;
  if (typeof value !== 'number') return undefined;
  const sign = value >= 0 ? (/[+ ]/.exec(form.flags)?.[0] ?? '') : '';
  const text = formatNumber(letter, value, form);
  return text === undefined ? undefined : sign + text;
}

function formatText(letter: string, value: unknown, { flags, precision }: Form): string | undefined {
  const text = plainText(value);
  const cut = precision === undefined ? text : [...text].slice(0, precision).join('');
  const hex = () => Buffer.from(cut).toString('hex');
  switch (letter) {
    case 's':
      // Already escaped text is not escaped again.
      return typeof value === 'string' ? escapeText(cut) : cut;
    case 'q':
      return flags.includes('#') && !cut.includes('`') ? `\`${escapeText(cut)}\`` : quote(cut);
    case 'x':
      return hex();
    case 'X':
      return hex().toUpperCase();
    default:
      return undefined;
  }
}

function quote(text: string): string {
  const escapes = new Map([
    ['\n', '\\n'],
    ['\r', '\\r'],
    ['\t', '\\t'],
  ]);
  return `"${escapeText(text.replace(/[\\"]/g, '\\$&').replace(/[\n\r\t]/g, (control) => escapes.get(control) ?? ''))}"`;
}

function formatNumber(letter: string, value: number, { flags, precision }: Form): string | undefined {
  const exponent = (text: string) => text.replace(/e([+-])(\d)$/, 'e$10$2');
  switch (letter) {
    case 'e':
      return exponent(value.toExponential(precision ?? 6));
    case 'E':
      return exponent(value.toExponential(precision ?? 6)).toUpperCase();
    case 'f':
    case 'F':
      return value.toFixed(precision ?? 6);
    case 'g':
    case 'G':
      return exponent(String(precision ? Number(value.toPrecision(precision)) : value));
  }
  if (!Number.isInteger(value)) return undefined;
  const prefix = flags.includes('#');
  switch (letter) {
    case 'd':
      return String(value);
    case 'b':
      return (prefix ? '0b' : '') + value.toString(2);
    case 'o':
      return (prefix ? '0' : '') + value.toString(8);
    case 'x':
      return (prefix ? '0x' : '') + value.toString(16);
    case 'X':
      return (prefix ? '0X' : '') + value.toString(16).toUpperCase();
    default:
      return value >= 0 && value <= 0x10ffff ? formatCharacter(letter, value) : undefined;
  }
}

function formatCharacter(letter: string, code: number): string | undefined {
  if (letter === 'U') return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  const character = escapeText(String.fromCodePoint(code));
  if (letter === 'q') return `'${character}'`;
  return letter === 'c' ? character : undefined;
}

/** The type that Go has for a value of a JSON document. */
function typeOf(value: unknown): string {
  if (isText(value)) return 'string';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float64';
  if (typeof value === 'boolean') return 'bool';
  if (Array.isArray(value)) return value.every(isText) ? '[]string' : '[]interface {}';
  return value === null || value === undefined ? '<nil>' : 'map[string]interface {}';
}
