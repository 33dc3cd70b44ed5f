/**
 * Functions of templates: Docker's, and Go's for values and texts.
 * @see docker/cli templates/templates.go (28.x); Go text/template, "Functions"
 */
import { CommandError } from '../command-error.ts';
import { encodePrintableJson } from '../terminal/escape-text.ts';
import { compareValues, isEqualToAny } from './compare-values.ts';
import { escapeHtml, escapeScript, escapeUrlQuery } from './escape-functions.ts';
import { formatPrintf } from './format-printf.ts';
import { isText, mapText, plainText, ShownText, showValue } from './shown-text.ts';

interface TemplateFunction {
  /** Least and greatest number of arguments. */
  readonly takes: readonly [number, number];
  readonly call: (...values: readonly unknown[]) => unknown;
}

const any = Number.POSITIVE_INFINITY;

/** `and` and `or` are implemented elsewhere, because they do not evaluate all arguments. */
const functions: Readonly<Record<string, TemplateFunction>> = {
  json: { takes: [1, 1], call: (value) => new ShownText(encodePrintableJson(value ?? null)) },
  split: {
    takes: [2, 2],
    call: (text, separator) => plainText(asText('split', text)).split(plainText(asText('split', separator))),
  },
  join: {
    takes: [2, 2],
    call: (list, separator) =>
      new ShownText(
        asList('join', list)
          .map(showValue)
          .join(showValue(asText('join', separator))),
      ),
  },
  lower: textFunction('lower', (text) => text.toLowerCase()),
  upper: textFunction('upper', (text) => text.toUpperCase()),
  title: textFunction('title', (text) =>
    text.replace(/(?<![\p{L}\p{N}\p{M}_])\p{L}/gu, (letter) => letter.toUpperCase()),
  ),
  html: { takes: [1, any], call: (...values) => mapText(printed(values), escapeHtml) },
  js: { takes: [1, any], call: (...values) => mapText(printed(values), escapeScript) },
  urlquery: { takes: [1, any], call: (...values) => mapText(printed(values), escapeUrlQuery) },
  truncate: {
    takes: [2, 2],
    call: (text, length) =>
      mapText(asText('truncate', text), (whole) => [...whole].slice(0, asCount('truncate', length)).join('')),
  },
  pad: { takes: [3, 3], call: pad },
  print: { takes: [0, any], call: (...values) => new ShownText(printText(values)) },
  println: {
    takes: [0, any],
    call: (...values) => new ShownText(`${values.map(showValue).join(' ')}\n`),
  },
  printf: {
    takes: [1, any],
    call: (format, ...values) => new ShownText(formatPrintf(showValue(asText('printf', format)), values)),
  },
  len: { takes: [1, 1], call: sizeOf },
  index: { takes: [1, any], call: (value, ...keys) => keys.reduce(elementOf, value) },
  slice: { takes: [1, 3], call: slice },
  not: { takes: [1, 1], call: (value) => !isTrue(value) },
  eq: { takes: [2, any], call: (first, ...others) => isEqualToAny(first, others) },
  ne: { takes: [2, 2], call: (first, second) => !isEqualToAny(first, [second]) },
  lt: { takes: [2, 2], call: (first, second) => compareValues(first, second) < 0 },
  le: { takes: [2, 2], call: (first, second) => compareValues(first, second) <= 0 },
  gt: { takes: [2, 2], call: (first, second) => compareValues(first, second) > 0 },
  ge: { takes: [2, 2], call: (first, second) => compareValues(first, second) >= 0 },
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
  const [least, most] = called.takes;
  if (values.length < least || values.length > most) {
    const wanted = most === least ? least : `${least} ${most === any ? 'or more' : `to ${most}`}`;
    throw new CommandError(
      `template: ${name} takes ${wanted} argument${wanted === 1 ? '' : 's'}, not ${values.length}`,
    );
  }
  return called.call(...values);
}

/** Truth as in Go: not false, 0, nil or empty. */
export function isTrue(value: unknown): boolean {
  if (value instanceof ShownText) return value.text !== '';
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

function textFunction(name: string, change: (text: string) => string): TemplateFunction {
  return { takes: [1, 1], call: (text) => mapText(asText(name, text), change) };
}

function asText(name: string, value: unknown): string | ShownText {
  if (isText(value)) return value;
  throw new CommandError(`template: ${name} needs a text, not ${showValue(value)}`);
}

function asList(name: string, value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value;
  throw new CommandError(`template: ${name} needs a list, not ${showValue(value)}`);
}

function asCount(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw new CommandError(`template: ${name} needs a number from 0 on, not ${showValue(value)}`);
}

/** A single text as it is, and other arguments as `print` prints them. */
function printed(values: readonly unknown[]): string | ShownText {
  const [first] = values;
  return values.length === 1 && isText(first) ? first : new ShownText(printText(values));
}

/** As Go's `Sprint`: a space between two values of which none is a text. */
function printText(values: readonly unknown[]): string {
  const isApart = (index: number) => index > 0 && !isText(values[index - 1]) && !isText(values[index]);
  return values.map((value, index) => (isApart(index) ? ' ' : '') + showValue(value)).join('');
}

function pad(text: unknown, before: unknown, after: unknown): unknown {
  const shown = asText('pad', text);
  if (plainText(shown) === '') return shown;
  const [left = '', right = ''] = [before, after].map((count) =>
    ' '.repeat(Math.min(1_000, asCount('pad', count))),
  );
  return mapText(shown, (whole) => left + whole + right);
}

function sizeOf(value: unknown): number {
  if (isText(value)) return Buffer.byteLength(plainText(value));
  if (Array.isArray(value)) return value.length;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length;
  if (value === null || value === undefined) return 0;
  throw new CommandError(`template: ${showValue(value)} has no length`);
}

/** An element of a list, a byte of a text, or the value of a key. */
function elementOf(value: unknown, key: unknown): unknown {
  const list = isText(value) ? Buffer.from(plainText(value)) : value;
  if (Array.isArray(list) || Buffer.isBuffer(list)) {
    const place = asCount('index', key);
    if (place < list.length) return list[place];
    throw new CommandError(
      `template: there is no element ${place}: index out of range, it has ${list.length}`,
    );
  }
  if (typeof value === 'object' && value !== null) {
    const name = plainText(key);
    // A missing key of a map is nil, as in Go.
    return Object.hasOwn(value, name) ? Object.entries(value).find(([own]) => own === name)?.[1] : null;
  }
  throw new CommandError(`template: there is no element ${showValue(key)}`);
}

/** Elements of a list, or bytes of a text. */
function slice(value: unknown, from: unknown = 0, to: unknown = sizeOf(value)): unknown {
  const size = sizeOf(value);
  const [start, end] = [asCount('slice', from), asCount('slice', to)];
  if (start > end || end > size) {
    throw new CommandError(
      `template: cannot slice from ${start} to ${end}: index out of range, it has ${size}`,
    );
  }
  if (isText(value)) return mapText(value, (text) => Buffer.from(text).subarray(start, end).toString());
  return asList('slice', value).slice(start, end);
}
