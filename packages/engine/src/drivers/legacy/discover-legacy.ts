/**
 * Finds legacy plugins by the files that they or their packages leave in known folders.
 * @see moby pkg/plugins/discovery.go (28.x)
 */
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { errorCode } from '@outboard/container';
import { hasHiddenCharacters, OutboardError } from '@outboard/oci';
import type { PluginAddress } from '@outboard/protocol';
import type { LegacyDirectories } from './legacy-directories.ts';
import { readJsonSpec, readTextSpec } from './read-legacy-spec.ts';

export interface LegacyDiscovery {
  readonly directories: LegacyDirectories;
  /** Whether a socket is one of this engine's own, which is never a legacy plugin. @param path without links */
  readonly isOwnSocket: (path: string) => boolean;
}

const longestName = 200;

/**
 * Where a legacy plugin is. Its socket wins over any spec file; in one folder `.spec` wins over `.json`.
 * @param name as a user typed it; what is not one plain file name is never found
 * @returns undefined when there is none
 * @throws {OutboardError} invalid when its spec file is wrong; system when a file cannot be read
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

/** The names that may be legacy plugins, sorted: each is one only if it has an address. */
export async function listLegacyNames({ directories }: LegacyDiscovery): Promise<readonly string[]> {
  const found = await Promise.all([
    namesIn(directories.sockets, ['.sock']),
    ...directories.specs.map((folder) => namesIn(folder, ['.spec', '.json'])),
  ]);
  return [...new Set(found.flat())].filter(isPluginName).sort();
}

/** The name becomes part of a path: it must not lead out of the folders. */
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
  for (const path of placesOf(sockets, name, '.sock')) {
    const status = await lookAt(path);
    if (status?.isSocket() === true) return { kind: 'unix', path, followsLink: true };
  }
  return undefined;
}

async function findSpec({ specs }: LegacyDirectories, name: string): Promise<PluginAddress | undefined> {
  for (const folder of specs) {
    for (const path of placesOf(folder, name, '.spec')) {
      if ((await lookAt(path))?.isFile() === true) return readTextSpec(path);
    }
    for (const path of placesOf(folder, name, '.json')) {
      if ((await lookAt(path))?.isFile() === true) return readJsonSpec(path);
    }
  }
  return undefined;
}

/** Directly in the folder, or in a folder of the plugin's own. */
function placesOf(folder: string, name: string, extension: string): readonly string[] {
  return [join(folder, `${name}${extension}`), join(folder, name, `${name}${extension}`)];
}

async function namesIn(folder: string, extensions: readonly string[]): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.flatMap((entry) => {
      if (entry.isDirectory()) return [entry.name];
      const { name, ext } = parse(entry.name);
      return extensions.includes(ext) ? [name] : [];
    });
  } catch (error) {
    if (isAbsent(error)) return [];
    throw unreadable(folder, error);
  }
}

async function lookAt(path: string) {
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
    if (isAbsent(error)) return path; // a spec file may name a socket that is still to come
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
