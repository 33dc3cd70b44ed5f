/**
 * Go's `printf` for texts and numbers.
 * @see Go fmt, "Printing"
 */
import { CommandError } from '../command-error.ts';
import { plainText, showValue } from './shown-text.ts';

const verb = /%(-?)(0?)(\d{0,3})(?:\.(\d{1,2}))?([a-zA-Z%])/g;

/** Format values. @throws {CommandError} for an unsupported verb, or one without a value */
export function formatPrintf(format: string, values: readonly unknown[]): string {
  let used = 0;
  return format.replace(verb, (whole: string, ...groups: (string | undefined)[]) => {
    const [left, zero, width, precision, letter = ''] = groups;
    if (letter === '%') return '%';
    if (used >= values.length) throw new CommandError(`template: printf has no value for ${whole}`);
    const text = formatOne(letter, values[used++], precision === undefined ? undefined : Number(precision));
    if (text === undefined) throw new CommandError(`template: printf does not support ${whole}`);
    if (left !== '') return text.padEnd(Number(width));
    return text.padStart(Number(width), zero === '' ? ' ' : '0');
  });
}

function formatOne(letter: string, value: unknown, precision: number | undefined): string | undefined {
  switch (letter) {
    case 'v':
    case 's':
    case 'd':
    case 't':
      return precision === undefined ? showValue(value) : [...showValue(value)].slice(0, precision).join('');
    case 'q':
      return JSON.stringify(showValue(value));
    case 'f':
      return Number(plainText(value)).toFixed(precision ?? 6);
    case 'x':
      return typeof value === 'number' ? value.toString(16) : Buffer.from(plainText(value)).toString('hex');
    default:
      return undefined;
  }
}
