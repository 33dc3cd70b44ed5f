/**
 * Notices when someone deletes a part of the exec root that a running plugin has: a cleaner of temporary files, or a
 * hasty administrator. The plugin itself sees nothing of it: its container holds the folders that were, which nobody
 * else can reach any more.
 */

import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { joinSignals } from '@outboard/async';
import { containerPaths, isErrno } from '@outboard/container';
import { changeOrPause, watchName } from './watch-name.ts';

/** A plugin that serves anew takes its socket away, and is given this time to make another. */
const defaultRebindMs = 10_000;

/** Between looks that no event asks for: the folder itself may go. */
const lookMs = 250;

export interface ExecRootWatch {
  /** A plugin's socket folder was made. */
  add(id: string): Promise<void>;
  forget(id: string): void;
  /**
   * A socket alone that is missing is waited for, some seconds at most.
   * @param signal ends the wait
   * @returns what was deleted, as a sentence
   */
  findDamage(
    id: string,
    socketPath: string,
    options: { readonly signal: AbortSignal },
  ): Promise<string | undefined>;
}

interface Damage {
  readonly part: 'folder' | 'socket' | 'bundle';
  readonly sentence: string;
}

/** Of the plugins below an exec root. */
export function createExecRootWatch(execRoot: string, { rebindMs = defaultRebindMs } = {}): ExecRootWatch {
  const folderOf = (id: string) => join(execRoot, 'plugins', id);
  /** Inodes: a folder of the same name that someone made is another one. */
  const folders = new Map<string, bigint>();

  async function look(id: string, socketPath: string): Promise<Damage | undefined> {
    const folder = folderOf(id);
    const inode = await inodeOf(folder);
    const known = folders.get(id);
    if (inode === undefined || (known !== undefined && inode !== known)) {
      return missing('folder', 'the folder of its socket', folder);
    }
    // One that was taken back may have another folder already, in which it has no socket.
    if ((await inodeOf(socketPath)) === undefined) return missing('socket', 'its socket', socketPath);
    folders.set(id, inode);
    const { record, directory } = containerPaths(execRoot).bundle(id);
    if ((await inodeOf(record)) !== undefined) return undefined;
    return missing('bundle', 'its bundle', directory);
  }

  return {
    async add(id) {
      const inode = await inodeOf(folderOf(id));
      if (inode !== undefined) folders.set(id, inode);
    },
    forget: (id) => void folders.delete(id),
    async findDamage(id, socketPath, { signal }) {
      const first = await look(id, socketPath);
      if (first?.part !== 'socket') return first?.sentence;
      using limit = joinSignals([signal], { timeoutMs: rebindMs });
      const name = watchName(socketPath);
      try {
        for (;;) {
          const changed = name.nextChange();
          const damage = await look(id, socketPath);
          if (damage?.part !== 'socket' || limit.signal.aborted) return damage?.sentence;
          // The last look is after the limit.
          await changeOrPause(changed, lookMs, limit.signal).catch(() => undefined);
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

async function inodeOf(path: string): Promise<bigint | undefined> {
  try {
    return (await lstat(path, { bigint: true })).ino;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}
