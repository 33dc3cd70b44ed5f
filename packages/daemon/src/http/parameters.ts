/**
 * Reading parameters as Docker reads them: from the query, or from a form in the body.
 */
import { HttpError } from './errors.ts';
import type { Exchange } from './exchange.ts';

const falseWords: ReadonlySet<string> = new Set(['', '0', 'no', 'false', 'none']);

/**
 * The parameters of a request that carries no other body. As in Go, those of a form come before those of the query.
 */
export async function readParameters(exchange: Exchange): Promise<URLSearchParams> {
  const form = await exchange.body.form();
  return new URLSearchParams([...form, ...exchange.query]);
}

/** Docker's idea of a boolean: a few words are false, everything else is true. */
export function isTrue(text: string | null): boolean {
  return !falseWords.has((text ?? '').trim().toLowerCase());
}

/**
 * A number of seconds; absent or empty means 0, as clients that leave it out expect.
 * @throws {HttpError} 400, in Docker's words for what is no integer
 */
export function parseSeconds(text: string | null): number {
  if (text === null || text === '') return 0;
  if (!/^[+-]?\d+$/.test(text))
    throw new HttpError(400, `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  const seconds = Number(text);
  if (!(seconds >= 0 && seconds <= 86_400)) {
    throw new HttpError(400, `invalid timeout ${JSON.stringify(text)}: expected 0 to 86400 seconds`);
  }
  return seconds;
}
