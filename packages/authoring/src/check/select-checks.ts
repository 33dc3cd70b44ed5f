/**
 * The choice of checks by their codes.
 */
import { OutboardError } from '@outboard/oci';
import { allChecks } from './check-table.ts';

/** Codes such as `volume/create`, or groups such as `volume`. */
export interface CheckSelection {
  /** Default: all. */
  readonly only?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
}

/**
 * Make a test for codes.
 * @throws {OutboardError} invalid for a word that is neither a code nor a group
 */
export function selectChecks({ only = [], skip = [] }: CheckSelection): (code: string) => boolean {
  for (const word of [...only, ...skip]) requireKnown(word);
  const isNamed = (words: readonly string[], code: string) =>
    words.some((word) => code === word || code.startsWith(`${word}/`));
  return (code) => (only.length === 0 || isNamed(only, code)) && !isNamed(skip, code);
}

function requireKnown(word: string): void {
  const codes = allChecks.map(({ code }) => code);
  if (codes.some((code) => code === word || code.startsWith(`${word}/`))) return;
  const groups = [...new Set(codes.map((code) => code.split('/')[0]))].join(', ');
  throw new OutboardError('invalid', `no check ${JSON.stringify(word)}: want a code, or a group: ${groups}`);
}
