/**
 * Parameters of a request by Docker's rules: from the query, or from a form in the body.
 */
import { HttpError } from './errors.ts';
import type { Exchange } from './exchange.ts';

const falseWords: ReadonlySet<string> = new Set(['', '0', 'no', 'false', 'none']);

/**
 * Read the parameters of a request without another body. As in Go, those of the form precede those of the query.
 * @throws {HttpError} as `RequestBody.form()`
 */
export async function readParameters(exchange: Exchange): Promise<URLSearchParams> {
  const form = await exchange.body.form();
  return new URLSearchParams([...form, ...exchange.query]);
}

/** Docker's booleans: absent, empty, `0`, `no`, `false` and `none` are false, everything else is true. */
export function isTrue(text: string | null): boolean {
  return !falseWords.has((text ?? '').trim().toLowerCase());
}

/**
 * Parse a number of seconds from 0 to 86400; absent or empty means 0.
 * @throws {HttpError} 400, with Docker's text for what is not an integer
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
