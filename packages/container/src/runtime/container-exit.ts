/**
 * Reads how a container ended from the files that conmon wrote.
 */
import { access, readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { countOwnKills } from '../cgroup/out-of-memory.ts';
import { isErrno } from '../linux/errno.ts';
import type { BundlePaths } from './bundle.ts';
import type { ContainerExit } from './container-runtime.ts';

/**
 * Parse an exit code as conmon writes it. conmon folds signals into the code as shells do, 128 + signal, so a program
 * that exits with such a code itself looks the same.
 *
 * @returns undefined when the text is not an exit code
 */
export function parseExitCode(text: string): Pick<ContainerExit, 'code' | 'signal'> | undefined {
  if (!/^\d{1,3}\n?$/.test(text)) return undefined;
  const code = Number(text);
  const signal = signalName(code - 128);
  return signal === undefined ? { code } : { code, signal };
}

/** The container whose exit is read. */
export interface ExitOptions {
  readonly id: string;
  readonly paths: BundlePaths;
  readonly cgroupPath: string;
  /** As in `RunRecord`. */
  readonly toldKills: number;
}

/**
 * The exit that conmon recorded; undefined when there is none. A file without a valid code gives an exit without
 * code: unknown, never 0.
 */
export async function readExit(directory: string, options: ExitOptions): Promise<ContainerExit | undefined> {
  let text: string;
  try {
    // conmon renames the finished file into place, so it is never partly written.
    text = await readFile(join(directory, options.id), 'latin1');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
  return { ...parseExitCode(text), outOfMemory: await ranOutOfMemory(options) };
}

/**
 * True when the kernel killed more processes for lack of memory than were reported. The mark of conmon says only that
 * there was a kill, which may have been of an exec command; it counts where the cgroup, and with it the counter, is
 * gone.
 */
async function ranOutOfMemory({ paths, cgroupPath, toldKills }: ExitOptions): Promise<boolean> {
  const kills = await countOwnKills(cgroupPath, paths.killedCommands);
  if (kills !== undefined) return kills > toldKills;
  return toldKills === 0 && (await exists(paths.outOfMemory)) && !(await exists(paths.killedCommands));
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

function signalName(number: number): string | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}
