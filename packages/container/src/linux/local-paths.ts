/**
 * Tells paths whose file system is part of this host from those that lead to a file system that another process or another
 * machine serves: FUSE, NFS and their like may never answer, and a system call on such a path holds its thread until they do.
 * Links are followed one component at a time, so that nothing is asked of a file system before its mount is known.
 * @see proc_pid_mountinfo(5), path_resolution(7)
 */
import { readFile, readlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isErrno } from './errno.ts';
import { lookUpMounts, type MountEntry, parseMountTable } from './mount-table.ts';

/** Tells where paths lead, by the mounts of one moment. */
export interface LocalPaths {
  /**
   * True if no component of the path, with all links followed, lies on a file system that may not answer. A path whose end is
   * absent, or that cannot be followed, is local as well: a system call on it fails at once.
   * @param path absolute
   */
  isLocal(path: string): Promise<boolean>;
}

/** As in the kernel. */
const maxLinks = 40;

/** File systems without a disk that the kernel serves itself. */
const kernelTypes: ReadonlySet<string> = new Set([
  ...[
    'aufs',
    'bcachefs',
    'binfmt_misc',
    'bpf',
    'btrfs',
    'cgroup',
    'cgroup2',
    'configfs',
    'debugfs',
    'devpts',
  ],
  ...['devtmpfs', 'efivarfs', 'fusectl', 'hugetlbfs', 'mqueue', 'nsfs', 'overlay', 'proc', 'pstore', 'ramfs'],
  ...['rootfs', 'securityfs', 'selinuxfs', 'sysfs', 'tmpfs', 'tracefs', 'ubifs', 'zfs'],
]);

/** Start without the mount table; the first path reads it. */
export function createLocalPaths(): LocalPaths {
  let table: Promise<ForeignMounts> | undefined;
  return {
    async isLocal(path) {
      table ??= readForeignMounts();
      const mounts = await table;
      return mounts.isEmpty || (await leadsToLocal(path, mounts));
    },
  };
}

/** The mounts that may not answer. */
interface ForeignMounts {
  readonly isEmpty: boolean;
  /** @param path absolute, without links */
  covers(path: string): boolean;
}

/** The last table: most look-ups find the mounts as they were. */
let last: { readonly text: string; readonly mounts: ForeignMounts } | undefined;

async function readForeignMounts(): Promise<ForeignMounts> {
  const text = await readFile('/proc/self/mountinfo', 'latin1');
  if (last?.text !== text) last = { text, mounts: foreignAmong(parseMountTable(text)) };
  return last.mounts;
}

function foreignAmong(table: readonly MountEntry[]): ForeignMounts {
  const find = lookUpMounts(table);
  const root = find('/');
  const isForeign = (entry: MountEntry) => entry.device !== root?.device && mayNotAnswer(entry);
  const foreign = new Set(table.filter(isForeign));
  return {
    isEmpty: foreign.size === 0,
    covers(path) {
      const found = find(Buffer.from(path, 'utf8').toString('latin1'));
      return found !== undefined && foreign.has(found);
    },
  };
}

/** A file system on a device answers unless a process serves it. Unknown types count as those of others. */
function mayNotAnswer({ fileSystem, device }: MountEntry): boolean {
  if (fileSystem.startsWith('fuse') && fileSystem !== 'fusectl') return true;
  return device.startsWith('0:') && !kernelTypes.has(fileSystem);
}

async function leadsToLocal(path: string, mounts: ForeignMounts): Promise<boolean> {
  const rest = namesOf(path);
  let place = '';
  for (let links = 0; links <= maxLinks; ) {
    const name = rest.pop();
    if (name === undefined) return true;
    if (name === '..') {
      place = place === '' ? '' : dirname(place).replace(/^\/$/, '');
      continue;
    }
    const next = `${place}/${name}`;
    if (mounts.covers(next)) return false;
    const target = await linkAt(next);
    if (target === 'absent') return true;
    if (target === undefined) {
      place = next;
      continue;
    }
    links += 1;
    if (target.startsWith('/')) place = '';
    rest.push(...namesOf(target));
  }
  return true;
}

/** Components of a path, the first one last. */
function namesOf(path: string): string[] {
  return path
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .reverse();
}

/** @returns undefined for anything but a link; `absent` where the path ends */
async function linkAt(path: string): Promise<string | 'absent' | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    return isErrno(error, 'EINVAL') ? undefined : 'absent';
  }
}
