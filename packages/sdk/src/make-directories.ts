/**
 * Makes a directory and its missing parents. Node.js's `mkdir(…, { recursive: true })` loops forever on file systems that
 * report ENOENT for every new directory, such as /proc and /sys.
 */
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { messageOf, PluginError } from './plugin-error.ts';

/**
 * Make a directory. Each missing parent is tried once, so the call always ends.
 *
 * @param options.mode permission bits of new directories, reduced by the umask; existing directories keep theirs
 * @throws {PluginError} with the directory that cannot be made
 */
export async function makeDirectories(path: string, { mode }: { readonly mode: number }): Promise<void> {
  const missing: string[] = [];
  for (let at = resolve(path); !(await isDirectory(at)); at = dirname(at)) missing.unshift(at);
  for (const directory of missing) {
    try {
      await mkdir(directory, { mode });
    } catch (cause) {
      // Another process may have made it meanwhile.
      if (!(await isDirectory(directory))) throw cannotMake(directory, messageOf(cause), cause);
    }
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isDirectory()) return true;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return false;
    throw cannotMake(path, messageOf(cause), cause);
  }
  throw cannotMake(path, 'the path is not a directory');
}

function cannotMake(path: string, reason: string, cause?: unknown): PluginError {
  return new PluginError(`cannot make directory "${path}": ${reason}`, { cause });
}
