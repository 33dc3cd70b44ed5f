/**
 * Comparisons of templates, which compare values of one kind only.
 * @see Go text/template, "Functions": eq, ne, lt, le, gt, ge
 */
import { CommandError } from '../command-error.ts';
import { isText, plainText, showValue } from './shown-text.ts';

/** True if the value equals one of the others. @throws {CommandError} for values of different kinds, and for lists */
export function isEqualToAny(first: unknown, others: readonly unknown[]): boolean {
  return others.some((other) => {
    const [kind, otherKind] = [kindOf(first), kindOf(other)];
    if (kind === 'nil' || otherKind === 'nil') return kind === otherKind;
    if (kind === 'list or object' || kind !== otherKind) throw incomparable(first, other);
    return isText(first) ? plainText(first) === plainText(other) : first === other;
  });
}

/** Order two numbers or two texts. @returns below 0, 0, or above 0 @throws {CommandError} for other values */
export function compareValues(first: unknown, second: unknown): number {
  if (typeof first === 'number' && typeof second === 'number') return first - second;
  if (!isText(first) || !isText(second)) throw incomparable(first, second);
  return Buffer.compare(Buffer.from(plainText(first)), Buffer.from(plainText(second)));
}

function incomparable(first: unknown, second: unknown): CommandError {
  const [left, right] = [first, second].map((value) => `the ${kindOf(value)} ${quoted(value)}`);
  return new CommandError(
    `template: cannot compare ${left} with ${right}: incompatible types for comparison`,
  );
}

function quoted(value: unknown): string {
  return isText(value) ? `"${showValue(value)}"` : showValue(value);
}

function kindOf(value: unknown): 'text' | 'number' | 'boolean' | 'nil' | 'list or object' {
  if (isText(value)) return 'text';
  if (value === null || value === undefined) return 'nil';
  if (typeof value === 'number' || typeof value === 'boolean') return typeof value as 'number' | 'boolean';
  return 'list or object';
}
