/**
 * Looks at files of the host that belong to other programs, and whose path may lead anywhere. A call on a local file system
 * is made by this process. On a file system that may never answer it is left to a child process with a deadline, so that no
 * thread of this process waits for it; see `local-paths.ts`.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, realpath, stat } from 'node:fs/promises';
import type { Cancellable } from '@outboard/async';
import { OutboardError, showValue } from '@outboard/oci';
import { isErrno } from './errno.ts';
import type { ProbeResult } from './file-status.ts';
import { createFileSystemProbe, type FileSystemProbe } from './file-system-probe.ts';
import { findBinary } from './find-binary.ts';
import { createLocalPaths, type LocalPaths } from './local-paths.ts';
import { openServedFile, silentFileSystem } from './open-served-file.ts';
import type { ProbeDeadlineOptions } from './probe-deadline.ts';
import { readHostFile } from './read-host-file.ts';
import { runProgram } from './run-program.ts';

/** Type of a file. */
export type HostFileType = 'file' | 'directory' | 'socket' | 'other' | 'absent';

/** A name in a directory of the host. */
export interface HostEntry {
  readonly name: string;
  readonly isDirectory: boolean;
}

/** A handle for connections through `/proc/self/fd`. The receiver closes it. */
export interface HostFileHandle {
  readonly handle: FileHandle;
  readonly type: HostFileType;
}

/**
 * Calls of one operation; links are followed. Paths are absolute.
 *
 * Every method throws system errors, such as `EACCES`, for a local path, and for another {OutboardError} unavailable, code
 * `silent-file-system`, when its file system does not answer within 5 s; the reason of the signal.
 */
export interface HostFiles {
  typeOf(path: string): Promise<HostFileType>;
  /** The path without links; the path itself when it does not exist. */
  realPath(path: string): Promise<string>;
  /** Entries of a directory; none when it does not exist. */
  list(directory: string): Promise<readonly HostEntry[]>;
  /**
   * Read a regular file, up to one byte more than it may have.
   * @param maxBytes at most 255 KiB; this bound is not needed on a local file system
   * @throws {OutboardError} invalid for another type, and where a larger file of a file system that may not answer is found
   */
  read(path: string, maxBytes: number): Promise<Buffer>;
  /** Open a file with O_PATH, which has no effect on it. @throws ENOENT */
  openHandle(path: string): Promise<HostFileHandle>;
}

const pathOnly = 0o10000000; // O_PATH
const typeBits = 0o170000; // S_IFMT
const types: ReadonlyMap<number, HostFileType> = new Map([
  [0o100000, 'file'],
  [0o040000, 'directory'],
  [0o140000, 'socket'],
]);
/** Bound of the work of a child process, in milliseconds. */
const answerMs = 5_000;

/** Options of `createHostFiles`. */
export interface HostFilesOptions extends Cancellable, Pick<ProbeDeadlineOptions, 'idleMs'> {
  /** Shared by operations of one moment; default their own. */
  readonly paths?: LocalPaths | undefined;
}

/** @param options.idleMs time after which a file system counts as silent; default 5,000 */
export function createHostFiles(options: HostFilesOptions = {}): HostFiles {
  const { signal, idleMs, paths = createLocalPaths() } = options;
  let served: HostFiles | undefined;
  const filesAt = async (path: string): Promise<HostFiles> => {
    signal?.throwIfAborted();
    if (await paths.isLocal(path)) return localFiles;
    served ??= servedFiles(createFileSystemProbe({ signal, idleMs, paths }), signal);
    return served;
  };
  return {
    typeOf: async (path) => (await filesAt(path)).typeOf(path),
    realPath: async (path) => (await filesAt(path)).realPath(path),
    list: async (path) => (await filesAt(path)).list(path),
    read: async (path, maxBytes) => (await filesAt(path)).read(path, maxBytes),
    openHandle: async (path) => (await filesAt(path)).openHandle(path),
  };
}

const localFiles: HostFiles = {
  typeOf: (path) => unlessAbsent(async () => toType((await stat(path)).mode), 'absent'),
  realPath: (path) => unlessAbsent(() => realpath(path), path),
  list: (directory) =>
    unlessAbsent(async () => {
      const entries = await readdir(directory, { withFileTypes: true });
      return entries.map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() }));
    }, []),
  async read(path, maxBytes) {
    // O_NONBLOCK: opening a FIFO must not wait for its writer.
    await using handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!(await handle.stat()).isFile()) throw notRegular(path);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(maxBytes + 1), 0, maxBytes + 1, 0);
    return buffer.subarray(0, bytesRead);
  },
  async openHandle(path) {
    const handle = await open(path, pathOnly);
    try {
      return { handle, type: toType((await handle.stat()).mode) };
    } catch (error) {
      await handle.close();
      throw error;
    }
  },
};

function servedFiles(probe: FileSystemProbe, signal: AbortSignal | undefined): HostFiles {
  const typeOf = async (path: string) => {
    const found = answered(path, await probe.status(path, { followLinks: true }));
    return found === undefined ? 'absent' : toType(found.mode);
  };
  return {
    typeOf,
    realPath: async (path) => answered(path, await probe.realPath(path)) ?? path,
    async list(directory) {
      if ((await typeOf(directory)) === 'absent') return [];
      const args = ['-1', '-A', '-p', '--', directory];
      const { code, stdout } = await runProgram(await findBinary('ls'), args, {
        signal,
        timeoutMs: answerMs,
      });
      if (code !== 0) throw unanswered(directory, 'it cannot be listed');
      return stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => ({ name: line.replace(/\/$/, ''), isDirectory: line.endsWith('/') }));
    },
    read: async (path, maxBytes) =>
      Buffer.from(await readHostFile(path, { maxBytes, signal, timeoutMs: answerMs })),
    async openHandle(path) {
      const type = await typeOf(path);
      return { handle: await openServedFile(path, { signal, open: () => open(path, pathOnly) }), type };
    },
  };
}

function toType(mode: number): HostFileType {
  return types.get(mode & typeBits) ?? 'other';
}

/** @returns undefined for an absent file */
function answered<Value>(path: string, result: ProbeResult<Value>): Value | undefined {
  if (result.kind === 'unreachable' && result.reason !== 'not a directory')
    throw unanswered(path, result.reason);
  return result.kind === 'found' ? result.value : undefined;
}

function unanswered(path: string, reason: string): OutboardError {
  return new OutboardError('unavailable', `cannot look at ${showValue(path)}: ${reason}`, {
    code: silentFileSystem,
  });
}

function notRegular(path: string): OutboardError {
  return new OutboardError('invalid', `cannot read ${showValue(path)}: want a regular file`);
}

async function unlessAbsent<Value>(call: () => Promise<Value>, absent: Value): Promise<Value> {
  try {
    return await call();
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return absent;
    throw error;
  }
}
