/**
 * Finds legacy plugins by their sockets and spec files in known directories.
 * @see moby pkg/plugins/discovery.go (28.x)
 */
import { join, parse } from 'node:path';
import { errorCode, type HostFiles } from '@outboard/container';
import { hasHiddenCharacters, isOutboardError, OutboardError } from '@outboard/oci';
import type { PluginAddress } from '@outboard/protocol';
import type { LegacyDirectories } from './legacy-directories.ts';
import { readJsonSpec, readTextSpec } from './read-legacy-spec.ts';

/** Places to search for legacy plugins, which are on any file system of the host. */
export interface LegacyDiscovery {
  readonly directories: LegacyDirectories;
  /** True for a socket of this engine, which is never a legacy plugin. @param path without links */
  readonly isOwnSocket: (path: string) => boolean;
}

const longestName = 200;

/**
 * Find the address of a legacy plugin. A socket wins over spec files; in one directory `.spec` wins over `.json`.
 * @param name user input; only a plain file name can be found
 * @param files of this look-up
 * @returns undefined when there is none
 * @throws {OutboardError} invalid when its spec file is malformed; system when a file cannot be read; unavailable when a file
 *   system does not answer; the reason of the signal of `files`
 */
export async function findLegacyAddress(
  { directories, isOwnSocket }: LegacyDiscovery,
  name: string,
  files: HostFiles,
): Promise<PluginAddress | undefined> {
  if (!isPluginName(name)) return undefined;
  const address = (await findSocket(directories, name, files)) ?? (await findSpec(directories, name, files));
  if (address?.kind !== 'unix') return address;
  const { path } = address;
  return isOwnSocket(await lookAt(path, () => files.realPath(path))) ? undefined : address;
}

/**
 * Candidate names of legacy plugins, for each directory. A name without an address is no plugin.
 * @throws as `findLegacyAddress`, each promise by itself
 */
export function listLegacyNames(
  { directories: { sockets, specs } }: LegacyDiscovery,
  files: HostFiles,
): readonly Promise<readonly string[]>[] {
  return [
    namesIn(files, sockets, ['.sock']),
    ...specs.map((directory) => namesIn(files, directory, ['.spec', '.json'])),
  ];
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

async function findSocket(
  { sockets }: LegacyDirectories,
  name: string,
  files: HostFiles,
): Promise<PluginAddress | undefined> {
  for (const path of pathsOf(sockets, name, '.sock')) {
    if ((await lookAt(path, () => files.typeOf(path))) === 'socket') return { kind: 'unix', path };
  }
  return undefined;
}

async function findSpec(
  { specs }: LegacyDirectories,
  name: string,
  files: HostFiles,
): Promise<PluginAddress | undefined> {
  const isFile = async (path: string) => (await lookAt(path, () => files.typeOf(path))) === 'file';
  for (const directory of specs) {
    for (const path of pathsOf(directory, name, '.spec')) {
      if (await isFile(path)) return readTextSpec(path, files);
    }
    for (const path of pathsOf(directory, name, '.json')) {
      if (await isFile(path)) return readJsonSpec(path, files);
    }
  }
  return undefined;
}

/** Candidate paths: in the directory itself, or in a subdirectory of the plugin's name. */
function pathsOf(directory: string, name: string, extension: string): readonly string[] {
  return [join(directory, `${name}${extension}`), join(directory, name, `${name}${extension}`)];
}

async function namesIn(
  files: HostFiles,
  directory: string,
  extensions: readonly string[],
): Promise<readonly string[]> {
  const entries = await lookAt(directory, () => files.list(directory));
  const names = entries.flatMap((entry) => {
    if (entry.isDirectory) return [entry.name];
    const { name, ext } = parse(entry.name);
    return extensions.includes(ext) ? [name] : [];
  });
  return names.filter(isPluginName);
}

/** @throws {OutboardError} system in place of a system error */
async function lookAt<Value>(path: string, look: () => Promise<Value>): Promise<Value> {
  try {
    return await look();
  } catch (cause) {
    const code = errorCode(cause);
    if (isOutboardError(cause) || code === undefined) throw cause;
    const message = `cannot look for legacy plugins in ${JSON.stringify(path)}: ${code}`;
    throw new OutboardError('system', message, { cause });
  }
}
