/**
 * Fields of values in templates.
 */
import { CommandError } from '../command-error.ts';
import { escapeText } from '../terminal/escape-text.ts';
import { isText } from './shown-text.ts';

/** Upper bound of field names in a message. */
const maxNames = 30;

/**
 * A field, in any letter case: Go's `.ID` is `Id` in JSON. Fields that are not enumerable are found too: those that Go has,
 * and JSON omits.
 * @throws {CommandError} with the fields that exist
 */
export function fieldOf(parent: unknown, name: string): unknown {
  const names = isFields(parent) ? Object.getOwnPropertyNames(parent) : [];
  const match =
    names.find((key) => key === name) ?? names.find((key) => key.toLowerCase() === name.toLowerCase());
  // The name is one of its own.
  if (match !== undefined) return (parent as Record<string, unknown>)[match];
  throw new CommandError(`template: there is no field "${name}"${describeFields(parent)}`);
}

function isFields(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isText(value);
}

function describeFields(parent: unknown): string {
  const names = isFields(parent) ? Object.keys(parent) : [];
  if (names.length === 0) return '';
  const shown = names.slice(0, maxNames).map(escapeText);
  return `, only ${shown.join(', ')}${names.length > maxNames ? ', …' : ''}`;
}
