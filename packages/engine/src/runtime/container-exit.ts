/**
 * How a container ended, from what conmon left behind.
 */
import { access, readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { countOutOfMemoryKills } from './cgroup.ts';
import type { ContainerExit } from './container.ts';
import { isErrno } from './errno.ts';

/**
 * What an exit code as conmon writes it means. conmon folds signals into the code as shells do, 128 + signal, so a
 * program that itself exits with such a code looks the same.
 *
 * @returns undefined when the text is not an exit code
 */
export function parseExitCode(text: string): Pick<ContainerExit, 'code' | 'signal'> | undefined {
  if (!/^\d{1,3}\n?$/.test(text)) return undefined;
  const code = Number(text);
  const signal = signalName(code - 128);
  return signal === undefined ? { code } : { code, signal };
}

/**
 * The exit that conmon wrote, or undefined when it has written none.
 * A file that holds no exit code gives an exit without code: unknown, never 0.
 */
export async function readExit(
  directory: string,
  options: { readonly id: string; readonly outOfMemoryMark: string; readonly cgroupPath: string },
): Promise<ContainerExit | undefined> {
  let text: string;
  try {
    // conmon renames the finished file into place, so it is never seen half written.
    text = await readFile(join(directory, options.id), 'latin1');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
  return { ...parseExitCode(text), outOfMemory: await ranOutOfMemory(options) };
}

// conmon may be gone before it hears of the kill, so the kernel's own count is looked at too.
async function ranOutOfMemory(options: {
  readonly outOfMemoryMark: string;
  readonly cgroupPath: string;
}): Promise<boolean> {
  try {
    await access(options.outOfMemoryMark);
    return true;
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
  }
  return (await countOutOfMemoryKills(options.cgroupPath)) > 0;
}

function signalName(number: number): string | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}
