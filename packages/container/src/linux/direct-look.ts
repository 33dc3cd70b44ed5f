/**
 * Looks at files on file systems of this host without a child process. One look is made at a time, and is given up after a
 * moment, since a disk may fail to answer as well; the caller asks a child process then.
 */
import { lstat, readlink, realpath, stat } from 'node:fs/promises';
import { isErrno } from './errno.ts';
import type { FileStatus, ProbeResult } from './file-status.ts';
import type { LocalPaths } from './local-paths.ts';
import { createSingleCalls } from './single-call.ts';

/** Each method resolves with undefined where a child process must be asked, also for the words of a failure. */
export interface DirectLook {
  status(path: string, followLinks: boolean): Promise<ProbeResult<FileStatus> | undefined>;
  realPath(path: string): Promise<ProbeResult<string> | undefined>;
  link(path: string): Promise<ProbeResult<string> | undefined>;
}

/** Time for one look, in milliseconds. */
const answerMs = 250;
const calls = createSingleCalls();

/** @param signal whose reason the looks reject with */
export function createDirectLook(paths: LocalPaths, signal: AbortSignal | undefined): DirectLook {
  async function look<Value>(
    path: string,
    call: () => Promise<ProbeResult<Value>>,
  ): Promise<ProbeResult<Value> | undefined> {
    signal?.throwIfAborted();
    const lookIfLocal = async () => ((await paths.isLocal(path)) ? call() : undefined);
    try {
      const made = await calls.make(lookIfLocal, { answerMs, signal });
      return typeof made === 'object' ? made.value : undefined;
    } catch {
      signal?.throwIfAborted();
      return undefined;
    }
  }
  return {
    status: (path, followLinks) => look(path, () => readStatus(path, followLinks)),
    realPath: (path) => look(path, async () => found(await realpath(path))),
    link: (path) => look(path, async () => found(await readlink(path))),
  };
}

function found<Value>(value: Value): ProbeResult<Value> {
  return { kind: 'found', value };
}

async function readStatus(path: string, followLinks: boolean): Promise<ProbeResult<FileStatus>> {
  try {
    const { mode, rdev, uid, gid } = await (followLinks ? stat : lstat)(path);
    return found({ mode, ...deviceNumbers(rdev), uid, gid });
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return { kind: 'missing' };
    throw error;
  }
}

/** Split a device number of the C library; Linux has no numbers beyond 32 bits. @see makedev(3) */
function deviceNumbers(device: number): Pick<FileStatus, 'major' | 'minor'> {
  return { major: (device >>> 8) & 0xfff, minor: (device & 0xff) | ((device >>> 12) & 0xfff00) };
}
