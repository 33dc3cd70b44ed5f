/**
 * Files of a configuration: bounded reads, and errors that name file and line.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { OutboardError } from '../../errors/outboard-error.ts';
import { describeErrorCode } from '../../errors/system-error-words.ts';
import { systemErrorCode } from '../../files/storage-error.ts';

/** The text of a file. */
export interface ConfigurationFile {
  readonly path: string;
  readonly text: string;
}

/** Entries and notes of one file. */
export interface FileContent<Rule> {
  readonly rules: readonly Rule[];
  /** Settings that are not applied, each as a sentence without a final period. */
  readonly unapplied: readonly string[];
}

const maxFileBytes = 1024 * 1024;
const maxFiles = 1000;

/** Read a file. @returns undefined if there is none @throws {OutboardError} invalid, system */
export async function readConfigurationFile(path: string): Promise<ConfigurationFile | undefined> {
  try {
    const { size } = await stat(path);
    if (size > maxFileBytes) {
      throw new OutboardError('invalid', `${JSON.stringify(path)} is larger than ${maxFileBytes} bytes`);
    }
    return { path, text: await readFile(path, 'utf8') };
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw cause instanceof OutboardError ? cause : unreadable(path, cause);
  }
}

/** Read the files of a directory with this ending, in the order of their names. A missing directory has none. */
export async function readConfigurationDirectory(
  directory: string,
  ending: string,
): Promise<readonly ConfigurationFile[]> {
  const names = await readdir(directory).catch((cause: unknown) => {
    if (isMissing(cause)) return [];
    throw unreadable(directory, cause);
  });
  const wanted = names.filter((name) => name.endsWith(ending) && !name.startsWith('.')).sort();
  if (wanted.length > maxFiles) {
    throw new OutboardError('invalid', `${JSON.stringify(directory)} has more than ${maxFiles} files`);
  }
  const files = await Promise.all(wanted.map((name) => readConfigurationFile(join(directory, name))));
  return files.filter((file) => file !== undefined);
}

/** The number of the line at a position of a text, from 1. */
export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}

/** A place in a file, for messages. */
export function placeIn(path: string, line: number | undefined): string {
  return `${JSON.stringify(path)}${line === undefined ? '' : ` line ${line}`}`;
}

/** The error for a place in a file. @param why what is wrong, and what would be right */
export function wrongIn(path: string, line: number | undefined, why: string, cause?: unknown): OutboardError {
  return new OutboardError('invalid', `${placeIn(path, line)}: ${why}`, { cause });
}

function isMissing(cause: unknown): boolean {
  const code = systemErrorCode(cause);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function unreadable(path: string, cause: unknown): OutboardError {
  const code = systemErrorCode(cause);
  const reason = code === undefined ? String(cause) : describeErrorCode(code);
  return new OutboardError('system', `cannot read ${JSON.stringify(path)}: ${reason}`, { cause });
}
