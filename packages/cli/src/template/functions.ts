/**
 * Functions of templates: Docker's, and Go's for values and texts.
 * @see docker/cli templates/templates.go (28.x); Go text/template, "Functions"
 */
import { CommandError } from '../command-error.ts';
import { encodePrintableJson } from '../terminal/escape-text.ts';
import { formatPrintf } from './format-printf.ts';
import { plainText, ShownText, showValue } from './shown-text.ts';

type TemplateFunction = (...values: readonly unknown[]) => unknown;

/** `and` and `or` are implemented elsewhere, because they do not evaluate all arguments. */
const functions: Readonly<Record<string, TemplateFunction>> = {
  json: (value) => new ShownText(encodePrintableJson(value ?? null)),
  split: (text, separator) => plainText(text).split(plainText(separator)),
  join: (list, separator) => new ShownText(asList('join', list).map(showValue).join(plainText(separator))),
  lower: (text) => plainText(text).toLowerCase(),
  upper: (text) => plainText(text).toUpperCase(),
  title: (text) => plainText(text).replace(/(?<![\p{L}\p{N}_'])\p{L}/gu, (letter) => letter.toUpperCase()),
  truncate: (text, length) => [...plainText(text)].slice(0, asNumber('truncate', length)).join(''),
  pad(text, before, after) {
    const shown = plainText(text);
    if (shown === '') return shown;
    const spaces = (count: unknown) => ' '.repeat(Math.min(1_000, Math.max(0, asNumber('pad', count))));
    return spaces(before) + shown + spaces(after);
  },
  print: (...values) => new ShownText(values.map(showValue).join(' ')),
  println: (...values) => new ShownText(`${values.map(showValue).join(' ')}\n`),
  printf: (format, ...values) => new ShownText(formatPrintf(plainText(format), values)),
  len: (value) => sizeOf(value),
  index: (value, ...keys) => keys.reduce(elementOf, value),
  slice(value, from = 0, to = undefined) {
    const [start, end] = [from, to].map((place) =>
      place === undefined ? undefined : asNumber('slice', place),
    );
    return Array.isArray(value) ? value.slice(start, end) : plainText(value).slice(start, end);
  },
  not: (value) => !isTrue(value),
  eq: (first, ...others) => others.some((other) => isEqual(first, other)),
  ne: (first, second) => !isEqual(first, second),
  lt: (first, second) => compare(first, second) < 0,
  le: (first, second) => compare(first, second) <= 0,
  gt: (first, second) => compare(first, second) > 0,
  ge: (first, second) => compare(first, second) >= 0,
};

/** All names, sorted for messages. */
export const templateFunctionNames: readonly string[] = [...Object.keys(functions), 'and', 'or'].sort();

/** True for the name of a function. */
export function isTemplateFunction(name: string): boolean {
  return templateFunctionNames.includes(name);
}

/** Call a function other than `and` and `or`. @throws {CommandError} for invalid arguments */
export function callTemplateFunction(name: string, values: readonly unknown[]): unknown {
  const called = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (called === undefined) throw new CommandError(`template: there is no function "${name}"`);
  return called(...values);
}

/** Truth as in Go: not false, 0, nil or empty. */
export function isTrue(value: unknown): boolean {
  if (value instanceof ShownText) return value.text !== '';
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

function asList(name: string, value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value;
  throw new CommandError(`template: ${name} needs a list, not ${showValue(value)}`);
}

function asNumber(name: string, value: unknown): number {
  if (typeof value === 'number') return value;
  throw new CommandError(`template: ${name} needs a number, not ${showValue(value)}`);
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string' || value instanceof ShownText) return Buffer.byteLength(plainText(value));
  if (Array.isArray(value)) return value.length;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length;
  if (value === null || value === undefined) return 0;
  throw new CommandError(`template: ${showValue(value)} has no length`);
}

function elementOf(value: unknown, key: unknown): unknown {
  if (Array.isArray(value) && typeof key === 'number' && key >= 0 && key < value.length) return value[key];
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const name = plainText(key);
    // A missing key of a map is nil, as in Go.
    return Object.hasOwn(value, name) ? Object.entries(value).find(([own]) => own === name)?.[1] : null;
  }
  throw new CommandError(`template: there is no element ${showValue(key)}`);
}

function isEqual(first: unknown, second: unknown): boolean {
  return typeof first === 'object' || typeof second === 'object'
    ? showValue(first) === showValue(second)
    : first === second;
}

function compare(first: unknown, second: unknown): number {
  if (typeof first === 'number' && typeof second === 'number') return first - second;
  const [left, right] = [plainText(first), plainText(second)];
  return left < right ? -1 : Number(left > right);
}
