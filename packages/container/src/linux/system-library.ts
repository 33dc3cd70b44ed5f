/**
 * Finds shared libraries that the system may have, and whose absence makes work slower only.
 */
import { existsSync } from 'node:fs';
import koffi, { type LibraryHandle } from 'koffi';

/** Directories of distributions. Absolute, so that the environment cannot choose the library. */
const directories: Readonly<Record<string, readonly string[]>> = {
  x64: ['/usr/lib/x86_64-linux-gnu', '/usr/lib64', '/usr/lib'],
  arm64: ['/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib'],
};

/**
 * Load a library.
 * @param name file name with the number of its ABI, such as `libisal.so.2`
 * @returns undefined where it is not installed, or is built for another libc
 */
export function loadSystemLibrary(name: string): LibraryHandle | undefined {
  const path = directories[process.arch]?.map((directory) => `${directory}/${name}`).find(existsSync);
  if (path === undefined) return undefined;
  try {
    return koffi.load(path);
  } catch {
    return undefined; // the caller works without it
  }
}
