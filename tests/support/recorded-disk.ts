/**
 * A file system of the kernel on a disk whose requests are recorded in order, and the disk as a power cut at one of them
 * leaves it. The disk is a file: qemu's storage daemon logs its requests and offers it by FUSE, and the kernel mounts that
 * over a loop device. It needs no virtual machine.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { needsPrograms } from './packed-programs.ts';

const run = promisify(execFile);

interface WriteLog {
  readWriteLog(path: string): readonly { readonly isFlush: boolean }[];
  writeCutDisk(options: {
    readonly base: string;
    readonly log: string;
    readonly target: string;
    readonly from: number;
    readonly count: number;
    readonly isLost: () => boolean;
  }): { readonly written: number; readonly lost: number };
}
const { readWriteLog, writeCutDisk } = (await import(
  new URL('../../scripts/host/write-log.mjs', import.meta.url).href
)) as WriteLog;

/** A file system: the program that makes it with its arguments, options of the mount, and size of the disk. */
interface FileSystem {
  readonly program: string;
  readonly make: readonly string[];
  readonly options: string;
  readonly mebibytes: number;
}

const ext4 = {
  program: '/usr/sbin/mkfs.ext4',
  make: ['-q', '-E', 'lazy_itable_init=0,lazy_journal_init=0'],
  mebibytes: 96,
};

/** File systems by name; the second orders less than the first. */
export const fileSystems = {
  ext4: { ...ext4, options: 'data=ordered' },
  'ext4-writeback': { ...ext4, options: 'data=writeback' },
  xfs: { program: '/usr/sbin/mkfs.xfs', make: ['-q', '-K'], options: 'nouuid', mebibytes: 320 },
  btrfs: { program: '/usr/sbin/mkfs.btrfs', make: ['-q', '-K'], options: 'defaults', mebibytes: 160 },
} as const satisfies Record<string, FileSystem>;
export type FileSystemName = keyof typeof fileSystems;

/** For `{ skip: needsRecordedDisk(name) }`: false on a machine that can record such a file system. */
export function needsRecordedDisk(name: FileSystemName): string | false {
  const { program } = fileSystems[name];
  return needsPrograms('/usr/bin/qemu-storage-daemon', '/dev/fuse', '/dev/loop-control', program);
}

/** A mounted file system whose requests are recorded. Disposing unmounts it; the log stays. */
export interface RecordedDisk extends AsyncDisposable {
  /** Mount point. */
  readonly path: string;
  /** Number of requests that the disk has received so far. */
  requests(): number;
  /** Write everything to the disk, and wait. */
  flush(): Promise<void>;
}

/** The files of a recorded disk. */
export interface DiskFiles {
  /** Content before the first request. */
  readonly base: string;
  readonly log: string;
}

/** A new directory for a disk, and an empty file system as its base. */
export async function makeDisk(directory: string, name: FileSystemName): Promise<DiskFiles> {
  const { program, make, mebibytes } = fileSystems[name];
  mkdirSync(directory);
  const base = join(directory, 'base.img');
  writeFileSync(base, '');
  truncateSync(base, mebibytes * 2 ** 20);
  await run(program, [...make, base]);
  return { base, log: join(directory, 'writes.log') };
}

/**
 * Mount a disk and record.
 *
 * @param files `log` is written anew; `base` is not changed
 */
export async function recordDisk(
  { base, log }: DiskFiles,
  name: FileSystemName,
  path: string,
): Promise<RecordedDisk> {
  const [disk, exported] = [`${log}.disk`, `${log}.export`];
  await run('cp', ['--sparse=always', '--reflink=auto', base, disk]);
  for (const file of [log, exported]) writeFileSync(file, '');
  mkdirSync(path);
  const storage = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-storage-daemon', ...storageArgs()], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  function storageArgs(): readonly string[] {
    return [
      ...['--blockdev', `driver=file,node-name=disk-file,filename=${disk}`],
      ...['--blockdev', `driver=file,node-name=log-file,filename=${log}`],
      ...['--blockdev', 'driver=blklogwrites,node-name=disk,file=disk-file,log=log-file'],
      ...['--export', `type=fuse,id=export,node-name=disk,mountpoint=${exported},writable=on`],
    ];
  }
  const ended = once(storage, 'exit');
  const stop = async () => {
    storage.kill('SIGTERM');
    await ended;
  };
  try {
    await untilExported(exported, statSync(disk).size, storage);
    await run('mount', ['-o', `loop,${fileSystems[name].options}`, exported, path]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    path,
    requests: () => readWriteLog(log).length,
    flush: async () => void (await run('sync', ['--file-system', path])),
    async [Symbol.asyncDispose]() {
      await run('umount', [path]);
      await stop();
    },
  };
}

/** The empty file gets the size of the disk. */
async function untilExported(path: string, bytes: number, storage: ChildProcess): Promise<void> {
  const deadline = AbortSignal.timeout(10_000);
  while (!existsSync(path) || statSync(path).size !== bytes) {
    if (storage.exitCode !== null) throw new Error(`qemu-storage-daemon ended with ${storage.exitCode}`);
    await delay(10, undefined, { signal: deadline });
  }
}

/** Where the power is cut. */
export interface PowerCut {
  /** Requests that the disk has received. */
  readonly count: number;
  /** For each request that was not flushed. */
  readonly isLost: () => boolean;
}

/** Lays disks out as a power cut leaves them; cuts must come in order of `after`. */
export class CutDisks {
  readonly #files: DiskFiles;
  /** Everything before the last flush before the cuts, so that each of them writes only what comes later. */
  #base: { readonly path: string; readonly count: number };
  readonly #flushes: readonly number[];

  constructor(files: DiskFiles) {
    this.#files = files;
    this.#base = { path: files.base, count: 0 };
    this.#flushes = readWriteLog(files.log).flatMap(({ isFlush }, index) => (isFlush ? [index + 1] : []));
  }

  /**
   * Lay a disk out.
   *
   * @param after no later cut has a smaller count
   * @returns number of requests that are lost
   */
  write({ count, isLost }: PowerCut, target: string, after: number): number {
    const flushed = this.#flushes.findLast((flush) => flush <= after) ?? 0;
    if (flushed > this.#base.count) {
      const path = `${this.#files.log}.base-${flushed}`;
      this.#layOut(path, { count: flushed, isLost: () => false });
      if (this.#base.count > 0) rmSync(this.#base.path);
      this.#base = { path, count: flushed };
    }
    return this.#layOut(target, { count, isLost });
  }

  #layOut(target: string, { count, isLost }: PowerCut): number {
    const { path: base, count: from } = this.#base;
    return writeCutDisk({ base, log: this.#files.log, target, from, count, isLost }).lost;
  }
}

/** Mount a disk, which replays the journal, and unmount it at the end. */
export async function mountDisk(
  disk: string,
  name: FileSystemName,
  path: string,
): Promise<AsyncDisposable & { readonly path: string }> {
  mkdirSync(path, { recursive: true });
  await run('mount', ['-o', `loop,${fileSystems[name].options}`, disk, path]);
  return { path, [Symbol.asyncDispose]: async () => void (await run('umount', [path])) };
}
