/**
 * Sources of values: texts that an operator sets in place of a value, which is read from its source at each start of the
 * plugin. The text is stored and shown; the value is neither.
 */
import { isAbsolute } from 'node:path';
import { OutboardError, showValue } from '@outboard/oci';

/** Where a value comes from. */
export type ValueSource =
  /** A regular file of the host, by its absolute path. */
  | { readonly kind: 'file'; readonly path: string }
  /** A credential that systemd passes to the daemon (systemd.exec(5), LoadCredential=). */
  | { readonly kind: 'credential'; readonly name: string }
  /** A variable of the daemon's own environment. */
  | { readonly kind: 'env'; readonly variable: string }
  /** The standard output of a program. No shell is involved. */
  | { readonly kind: 'command'; readonly program: string; readonly args: readonly string[] };

/** Credentials and environment of the program that embeds the engine, which values can come from. */
export interface ValueSurroundings {
  /** The directory of systemd's credentials; absent: there are none. */
  readonly credentialsDirectory?: string | undefined;
  /** Variables that `@env:` can name; default none. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Place of a value in the surroundings of the program. */
export type ValuePlace =
  | Extract<ValueSource, { readonly kind: 'file' | 'command' }>
  | { readonly kind: 'value'; readonly value: string };

/** Find the place of a value. @throws {OutboardError} system when the surroundings do not have it */
export function locateValue(source: ValueSource, surroundings: ValueSurroundings): ValuePlace {
  const { credentialsDirectory, environment = {} } = surroundings;
  const missing = (reason: string) => new OutboardError('system', reason);
  switch (source.kind) {
    case 'file':
    case 'command':
      return source;
    case 'credential':
      if (credentialsDirectory === undefined)
        throw missing('the daemon has no credentials: want LoadCredential= in its unit of systemd');
      return { kind: 'file', path: `${credentialsDirectory}/${source.name}` };
    case 'env': {
      const value = Object.hasOwn(environment, source.variable) ? environment[source.variable] : undefined;
      if (value === undefined) throw missing('the environment of the daemon has no such variable');
      return { kind: 'value', value };
    }
  }
}

/** A value as an operator gave it. */
export type GivenValue =
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'source'; readonly source: ValueSource };

/**
 * Read a value that may be a source: `@file:PATH`, `@credential:NAME`, `@env:NAME`, `@command:PROGRAM [ARG...]`. The
 * first `@` of `@@` is removed, and the rest is literal. All other values are literal.
 * @param setting named in errors
 * @throws {OutboardError} invalid for a source that cannot be one, and for another word between `@` and `:`
 */
export function parseGivenValue(text: string, setting: string): GivenValue {
  if (text.startsWith('@@')) return { kind: 'literal', value: text.slice(1) };
  const [, word = '', rest = ''] = /^@([A-Za-z]+):(.*)$/s.exec(text) ?? [];
  if (word === '') return { kind: 'literal', value: text };
  const parse = parsers.get(word);
  if (parse === undefined) {
    const known = [...parsers.keys()].map((known) => `@${known}:`).join(', ');
    throw refuse(
      setting,
      `there is no source ${showValue(`@${word}:`)}: want ${known}, or @@ for a literal @`,
    );
  }
  return { kind: 'source', source: parse(rest, setting) };
}

/** Read a stored source. @throws {OutboardError} invalid for a text that is none */
export function parseValueSource(text: string, setting: string): ValueSource {
  const given = parseGivenValue(text, setting);
  if (given.kind === 'source') return given.source;
  throw refuse(setting, `want a source such as @file:/run/secrets/${setting}`);
}

const parsers: ReadonlyMap<string, (rest: string, setting: string) => ValueSource> = new Map([
  ['file', parseFile],
  ['credential', parseCredential],
  ['env', parseVariable],
  ['command', parseCommand],
]);

function parseFile(path: string, setting: string): ValueSource {
  if (!isAbsolute(path)) throw refuse(setting, `want an absolute path after @file:, got ${showValue(path)}`);
  return { kind: 'file', path };
}

/** A name is one component of a path: it must not lead out of the directory of credentials. */
function parseCredential(name: string, setting: string): ValueSource {
  if (!/^[\w.-]{1,255}$/.test(name) || name === '.' || name === '..') {
    throw refuse(
      setting,
      `want a name of letters, digits, "_", "." and "-" after @credential:, got ${showValue(name)}`,
    );
  }
  return { kind: 'credential', name };
}

function parseVariable(variable: string, setting: string): ValueSource {
  if (!/^[A-Za-z_]\w*$/.test(variable))
    throw refuse(setting, `want the name of a variable after @env:, got ${showValue(variable)}`);
  return { kind: 'env', variable };
}

/** Words between spaces, or a JSON array of texts for arguments that hold spaces. */
function parseCommand(text: string, setting: string): ValueSource {
  const [program, ...args] = text.startsWith('[')
    ? parseArray(text, setting)
    : text.split(' ').filter(Boolean);
  if (program === undefined || !isAbsolute(program))
    throw refuse(setting, 'want the absolute path of a program after @command:');
  return { kind: 'command', program, args };
}

function parseArray(text: string, setting: string): readonly string[] {
  const parsed = parseJson(text);
  if (Array.isArray(parsed) && parsed.every((item) => typeof item === 'string' && !item.includes('\0')))
    return parsed;
  throw refuse(setting, 'want a JSON array of texts after @command:, such as ["/usr/bin/pass","show","x"]');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The error of the parser shows parts of the text; the caller refuses it.
    return undefined;
  }
}

function refuse(setting: string, reason: string): OutboardError {
  return new OutboardError('invalid', `cannot set ${showValue(setting)}: ${reason}`);
}
