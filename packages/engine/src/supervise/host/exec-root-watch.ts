/**
 * Detects that a part of the exec root that a running plugin needs was deleted, by a cleaner of temporary files or an
 * administrator, or is covered by a mount. The plugin does not notice: its container holds the directories, which nobody else
 * can reach.
 */

import { closeSync, fstatSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { joinSignals } from '@outboard/async';
import { containerPaths, isErrno, openBelow } from '@outboard/container';
import { changeOrPause, watchName } from './watch-name.ts';

/** Time for a plugin that listens anew to replace its socket. */
const defaultRebindMs = 10_000;

/** Between checks without an event: the watched directory itself may be deleted. */
const checkIntervalMs = 250;

/** The parts of one exec root that running plugins need. */
export interface ExecRootWatch {
  /** Remember a plugin's socket directory, which was just made. */
  add(id: string): Promise<void>;
  /** Forget a plugin's socket directory. */
  forget(id: string): void;
  /**
   * Find a deleted or covered part. A socket that alone is missing may appear within 10 s.
   * @param options.signal ends the wait for the socket
   * @returns the part, as a sentence; undefined when all is there
   */
  findDamage(
    id: string,
    socketPath: string,
    options: { readonly signal: AbortSignal },
  ): Promise<string | undefined>;
}

interface Damage {
  readonly part: 'directory' | 'socket' | 'bundle';
  readonly sentence: string;
}

/** @param options.rebindMs time for a socket to be replaced, in milliseconds; default 10,000 */
export function createExecRootWatch(execRoot: string, { rebindMs = defaultRebindMs } = {}): ExecRootWatch {
  const parent = join(execRoot, 'plugins');
  /** Inodes by plugin ID: a new directory of the same name is another one. */
  const inodes = new Map<string, bigint>();

  async function check(id: string, socketPath: string): Promise<Damage | undefined> {
    const directory = join(parent, id);
    const inode = inodeBelow(parent, id);
    if (inode === 'mount') return covered('the directory of its socket', directory);
    const known = inodes.get(id);
    if (inode === undefined || (known !== undefined && inode !== known)) {
      return missing('directory', 'the directory of its socket', directory);
    }
    // An adopted plugin may have a new directory already, without its socket.
    const socket = inodeBelow(parent, join(id, basename(socketPath)));
    if (socket === 'mount') return covered('its socket', socketPath);
    if (socket === undefined) return missing('socket', 'its socket', socketPath);
    inodes.set(id, inode);
    const bundle = containerPaths(execRoot).bundle(id);
    if (await isPresent(bundle.record)) return undefined;
    return missing('bundle', 'its bundle', bundle.directory);
  }

  return {
    async add(id) {
      const inode = inodeBelow(parent, id);
      if (typeof inode === 'bigint') inodes.set(id, inode);
    },
    forget: (id) => void inodes.delete(id),
    async findDamage(id, socketPath, { signal }) {
      const first = await check(id, socketPath);
      if (first?.part !== 'socket') return first?.sentence;
      using limit = joinSignals([signal], { timeoutMs: rebindMs });
      const name = watchName(socketPath);
      try {
        for (;;) {
          const changed = name.nextChange();
          const damage = await check(id, socketPath);
          if (damage?.part !== 'socket' || limit.signal.aborted) return damage?.sentence;
          // The last check is after the limit.
          await changeOrPause(changed, checkIntervalMs, limit.signal).catch(() => undefined);
        }
      } finally {
        name.close();
      }
    },
  };
}

function missing(part: Damage['part'], what: string, path: string): Damage {
  return { part, sentence: `${what}, ${JSON.stringify(path)}, was deleted` };
}

/** The damage of a part that cannot be reached because something is mounted over it. */
function covered(what: string, path: string): Damage {
  return {
    part: 'directory',
    sentence: `a file system is mounted over ${what}, ${JSON.stringify(path)}`,
  };
}

/** Inode of a file below the directory of all sockets. A mount is not entered: its file system may never answer. */
function inodeBelow(directory: string, path: string): bigint | 'mount' | undefined {
  const handle = openBelow(directory, path);
  if (handle === 'absent') return undefined;
  if (handle === 'mount') return handle;
  try {
    return fstatSync(handle, { bigint: true }).ino;
  } finally {
    closeSync(handle);
  }
}

async function isPresent(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}
