/**
 * Reads a file with credentials: the user's Docker configuration, or an auth file of Podman.
 * @see docker/cli cli/config/configfile/file.go (28.x); containers-auth.json(5)
 */
import { open } from 'node:fs/promises';
import { CommandError, codeOf, messageOf } from '../command-error.ts';
import { field } from '../json-field.ts';
import type { AuthPlace } from './auth-places.ts';

/** Credential settings of a file. */
export interface AuthFile {
  /** Path of the file. */
  readonly path: string;
  readonly format: AuthPlace['format'];
  /** False when there is no such file. */
  readonly exists: boolean;
  /** Permission bits of the file; 0 without one. */
  readonly mode: number;
  /** Unparsed entries by registry. */
  readonly auths: ReadonlyMap<string, unknown>;
  /** Names of credential helpers by registry. */
  readonly credentialHelpers: ReadonlyMap<string, string>;
  /** Name of the credential helper for all other registries. Podman knows none. */
  readonly credentialStore: string | undefined;
}

const maxBytes = 8 * 1024 * 1024;

/**
 * Read the settings of a place. A missing file counts as empty, unless the user named it.
 * @throws {CommandError} if it cannot be read or is not JSON; no secret is in its message
 */
export async function readAuthFile(place: AuthPlace): Promise<AuthFile> {
  const { path, format } = place;
  const content = place.text === undefined ? await readText(path) : { text: place.text, mode: 0 };
  if (content === undefined && place.isNamed) {
    throw new CommandError(`"${path}" does not exist (--authfile, REGISTRY_AUTH_FILE)`);
  }
  const document = parseAuthText(path, content?.text ?? '{}');
  const store = field(document, 'credsStore');
  return {
    path,
    format,
    exists: content !== undefined,
    mode: content?.mode ?? 0,
    auths: new Map(entriesOf(field(document, 'auths'))),
    credentialHelpers: new Map(
      entriesOf(field(document, 'credHelpers')).filter((entry): entry is [string, string] => {
        return typeof entry[1] === 'string' && entry[1] !== '';
      }),
    ),
    credentialStore: typeof store === 'string' && store !== '' ? store : undefined,
  };
}

/**
 * Read a file.
 * @returns undefined if it does not exist
 * @throws {CommandError} if it cannot be read
 */
export async function readText(
  path: string,
): Promise<{ readonly text: string; readonly mode: number; readonly owner: number } | undefined> {
  try {
    await using file = await open(path, 'r');
    const stats = await file.stat();
    if (!stats.isFile()) throw new CommandError(`"${path}" is not a file`);
    if (stats.size > maxBytes) throw new CommandError(`"${path}" is larger than ${maxBytes} bytes`);
    return { text: await file.readFile('utf8'), mode: stats.mode & 0o777, owner: stats.uid };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    if (error instanceof CommandError) throw error;
    throw new CommandError(`cannot read "${path}": ${fileReason(error)}`, { cause: error });
  }
}

/** Parse the text of a file. @throws {CommandError} if it is not a JSON object */
export function parseAuthText(path: string, text: string): object {
  let document: unknown;
  try {
    // Docker takes an empty file for a new one.
    document = text.trim() === '' ? {} : JSON.parse(text);
  } catch {
    // The parser's message quotes the file, which holds secrets.
    throw new CommandError(`"${path}" is not valid JSON: repair it, or move it away and log in again`);
  }
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) return document;
  throw new CommandError(`"${path}" is not a JSON object: repair it, or move it away and log in again`);
}

/** The reason of a failed call without the path, which the messages of Node.js repeat. */
export function fileReason(error: unknown): string {
  switch (codeOf(error)) {
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'ENOTDIR':
      return 'a part of its path is not a directory';
    case 'ELOOP':
      return 'too many symbolic links';
    case 'EROFS':
      return 'its file system is read-only';
    case 'ENOSPC':
      return 'no space left on its file system';
    case 'EDQUOT':
      return 'the disk quota is exceeded';
    case 'EBUSY':
      return 'it is a mount point';
    default:
      return messageOf(error);
  }
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
