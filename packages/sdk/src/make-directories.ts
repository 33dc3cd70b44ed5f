/**
 * Makes a directory and the parents that it lacks. In place of Node.js's `mkdir(…, {recursive: true})`, which tries for
 * ever where a file system takes no new directories and says ENOENT about it: /proc and /sys do.
 */
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { messageOf, PluginError } from './plugin-error.ts';

/**
 * Each name is tried once, so this ends whatever the file system says.
 *
 * @param options.mode permission bits of new directories, as the umask leaves them; those that exist keep theirs
 * @throws {PluginError} naming the directory that cannot be made
 */
export async function makeDirectories(path: string, { mode }: { readonly mode: number }): Promise<void> {
  const missing: string[] = [];
  for (let place = resolve(path); !(await isDirectory(place)); place = dirname(place)) missing.unshift(place);
  for (const place of missing) {
    try {
      await mkdir(place, { mode });
    } catch (cause) {
      // Another process may have made it meanwhile.
      if (!(await isDirectory(place))) throw cannotMake(place, messageOf(cause), cause);
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
  throw cannotMake(path, 'something else is there');
}

function cannotMake(path: string, reason: string, cause?: unknown): PluginError {
  return new PluginError(`cannot make directory "${path}": ${reason}`, { cause });
}
