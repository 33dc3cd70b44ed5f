/**
 * Finds legacy plugins by their sockets and spec files in known directories.
 * @see moby pkg/plugins/discovery.go (28.x)
 */
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { errorCode } from '@outboard/container';
import { hasHiddenCharacters, OutboardError } from '@outboard/oci';
import type { PluginAddress } from '@outboard/protocol';
import type { LegacyDirectories } from './legacy-directories.ts';
import { readJsonSpec, readTextSpec } from './read-legacy-spec.ts';

/** Places to search for legacy plugins. */
export interface LegacyDiscovery {
  readonly directories: LegacyDirectories;
  /** True for a socket of this engine, which is never a legacy plugin. @param path without links */
  readonly isOwnSocket: (path: string) => boolean;
}

const longestName = 200;

/**
 * Find the address of a legacy plugin. A socket wins over spec files; in one directory `.spec` wins over `.json`.
 * @param name user input; only a plain file name can be found
 * @returns undefined when there is none
 * @throws {OutboardError} invalid when its spec file is malformed; system when a file cannot be read
 */
export async function findLegacyAddress(
  discovery: LegacyDiscovery,
  name: string,
): Promise<PluginAddress | undefined> {
  if (!isPluginName(name)) return undefined;
  const address =
    (await findSocket(discovery.directories, name)) ?? (await findSpec(discovery.directories, name));
  if (address?.kind === 'unix' && discovery.isOwnSocket(await realLocation(address.path))) return undefined;
  return address;
}

/** Candidate names of legacy plugins, sorted. A name without an address is no plugin. */
export async function listLegacyNames({ directories }: LegacyDiscovery): Promise<readonly string[]> {
  const found = await Promise.all([
    namesIn(directories.sockets, ['.sock']),
    ...directories.specs.map((directory) => namesIn(directory, ['.spec', '.json'])),
  ]);
  return [...new Set(found.flat())].filter(isPluginName).sort();
}

/** The name becomes part of a path, and must not lead out of the directories. */
function isPluginName(name: string): boolean {
  return (
    name !== '' &&
    name.length <= longestName &&
    !name.startsWith('.') &&
    !name.includes('/') &&
    !hasHiddenCharacters(name)
  );
}

async function findSocket({ sockets }: LegacyDirectories, name: string): Promise<PluginAddress | undefined> {
  for (const path of pathsOf(sockets, name, '.sock')) {
    const status = await statusOf(path);
    if (status?.isSocket() === true) return { kind: 'unix', path, followsLink: true };
  }
  return undefined;
}

async function findSpec({ specs }: LegacyDirectories, name: string): Promise<PluginAddress | undefined> {
  for (const directory of specs) {
    for (const path of pathsOf(directory, name, '.spec')) {
      if ((await statusOf(path))?.isFile() === true) return readTextSpec(path);
    }
    for (const path of pathsOf(directory, name, '.json')) {
      if ((await statusOf(path))?.isFile() === true) return readJsonSpec(path);
    }
  }
  return undefined;
}

/** Candidate paths: in the directory itself, or in a subdirectory of the plugin's name. */
function pathsOf(directory: string, name: string, extension: string): readonly string[] {
  return [join(directory, `${name}${extension}`), join(directory, name, `${name}${extension}`)];
}

async function namesIn(directory: string, extensions: readonly string[]): Promise<readonly string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.flatMap((entry) => {
      if (entry.isDirectory()) return [entry.name];
      const { name, ext } = parse(entry.name);
      return extensions.includes(ext) ? [name] : [];
    });
  } catch (error) {
    if (isAbsent(error)) return [];
    throw unreadable(directory, error);
  }
}

async function statusOf(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw unreadable(path, error);
  }
}

async function realLocation(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (isAbsent(error)) return path; // a spec file may name a socket that does not exist yet
    throw unreadable(path, error);
  }
}

function isAbsent(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function unreadable(path: string, cause: unknown): OutboardError {
  return new OutboardError(
    'system',
    `cannot look for legacy plugins in ${JSON.stringify(path)}: ${errorCode(cause)}`,
    {
      cause,
    },
  );
}
