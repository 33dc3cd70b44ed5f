/**
 * Parses `WWW-Authenticate`: one header may hold several challenges, and there may be several headers.
 */
import { OutboardError } from '../../../errors/outboard-error.ts';

/** One authentication scheme that a registry offers. */
export interface Challenge {
  /** In lower case, such as `bearer`. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const maxHeaderLength = 16 * 1024;
const maxChallenges = 16;

// RFC 9110, 5.6.2 and 5.6.4. Sticky patterns match at the cursor only.
const token = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const token68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y;
const parameter =
  /([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+\-.^_`|~0-9A-Za-z]+))/y;
const separators = /[ \t,]*/y;
const spaces = /[ \t]*/y;
const endOfItem = /[ \t]*(?:,|$)/y;

/** A position in a header that patterns advance. */
interface Cursor {
  take(pattern: RegExp): RegExpExecArray | undefined;
  isAt(pattern: RegExp): boolean;
  readonly atEnd: boolean;
}

function cursorOver(text: string): Cursor {
  let at = 0;
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at;
    return pattern.exec(text) ?? undefined;
  };
  return {
    take(pattern) {
      const found = match(pattern);
      at += found?.[0].length ?? 0;
      return found;
    },
    isAt: (pattern) => match(pattern) !== undefined,
    get atEnd() {
      return at === text.length;
    },
  };
}

/**
 * Parse all `WWW-Authenticate` headers of a response.
 * @returns challenges in the registry's order, at most 16
 * @throws {OutboardError} unauthorized when a header is malformed, repeats a parameter, or is over 16 KiB
 * @see RFC 9110, 11.6.1
 */
export function parseChallenges(headers: readonly string[]): readonly Challenge[] {
  const challenges: Challenge[] = [];
  for (const header of headers) {
    if (header.length > maxHeaderLength) throw malformed(header);
    const cursor = cursorOver(header);
    for (cursor.take(separators); !cursor.atEnd; cursor.take(separators)) {
      challenges.push(parseChallenge(cursor, header));
      if (challenges.length > maxChallenges) throw malformed(header);
    }
  }
  return challenges;
}

function parseChallenge(cursor: Cursor, header: string): Challenge {
  const scheme = cursor.take(token)?.[0].toLowerCase();
  if (scheme === undefined) throw malformed(header);
  const parameters = new Map<string, string>();
  if (cursor.isAt(endOfItem)) return { scheme, parameters };
  if (cursor.take(/[ \t]+/y) === undefined) throw malformed(header);
  if (!cursor.isAt(parameter)) {
    if (cursor.take(token68) === undefined) throw malformed(header);
    return { scheme, parameters };
  }
  // A parameter after a comma belongs to this challenge; a word without `=` begins the next one.
  while (cursor.isAt(parameter)) {
    const [, name = '', quoted, plain] = cursor.take(parameter) ?? [];
    const key = name.toLowerCase();
    if (parameters.has(key) || !cursor.isAt(endOfItem)) throw malformed(header);
    parameters.set(key, quoted === undefined ? (plain ?? '') : quoted.replace(/\\(.)/g, '$1'));
    cursor.take(separators);
  }
  cursor.take(spaces);
  return { scheme, parameters };
}

function malformed(header: string): OutboardError {
  return new OutboardError(
    'unauthorized',
    `the registry asks for authorization in a form that cannot be read: ${JSON.stringify(header.slice(0, 200))}`,
  );
}
