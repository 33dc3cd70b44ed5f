/**
 * Reads answers of plugins as Docker does: names of fields in any letter case, errors as a field or as a status.
 */
import { showValue } from '@outboard/oci';
import { CheckFailure } from './check-failure.ts';
import type { PluginAnswer } from './plugin-caller.ts';

/** Length of an answer's part in a finding. */
const maxShown = 200;

/** Read a field of an object, whatever the case of its letters. @returns undefined when there is none */
export function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const entry = Object.entries(value).find(([key]) => key.toLowerCase() === name.toLowerCase());
  return entry?.[1];
}

/** A field that is a text; '' for anything else. */
export function textOf(value: unknown, name: string): string {
  const found = fieldOf(value, name);
  return typeof found === 'string' ? found : '';
}

/** The error of an answer; undefined for success. */
export function errorOf({ status, json, text }: PluginAnswer): string | undefined {
  const message = textOf(json, 'Err') || textOf(json, 'Error');
  if (status !== 200) return message || shorten(text) || `status ${status}`;
  return message === '' ? undefined : message;
}

/** Status and body in a few words. */
export function showAnswer(answer: PluginAnswer): string {
  return `status ${answer.status}, ${answer.text === '' ? 'no body' : showValue(shorten(answer.text))}`;
}

/**
 * Require success, and an object as the answer.
 * @returns the object
 * @throws {CheckFailure}
 */
export function requireSuccess(answer: PluginAnswer): unknown {
  const error = errorOf(answer);
  if (error !== undefined) throw new CheckFailure(`${answer.method} failed: ${showValue(shorten(error))}`);
  if (typeof answer.json !== 'object' || answer.json === null || Array.isArray(answer.json)) {
    throw new CheckFailure(`${answer.method}: want a JSON object, got ${showAnswer(answer)}`);
  }
  return answer.json;
}

/**
 * Require an error that callers of every kind see.
 * @param why what was wrong with the request
 * @throws {CheckFailure}
 */
export function requireError(answer: PluginAnswer, why: string): void {
  if (errorOf(answer) !== undefined) return;
  throw new CheckFailure(
    `${answer.method} of ${why}: want status 500 and {"Err": "…"}, got ${showAnswer(answer)}`,
  );
}

function shorten(text: string): string {
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
}
