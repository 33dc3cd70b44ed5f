/**
 * Owners, extended attributes, modes and times of unpacked entries, in that order: a change of owner clears setuid
 * bits and file capabilities, and a write clears file capabilities too.
 */
import { constants } from 'node:os';
import type { TarEntry } from '@outboard/oci/layers';
import {
  changeMode,
  changeOwner,
  changePathMode,
  changePathOwner,
  setAttribute,
  setPathAttribute,
} from '../../linux/file-calls.ts';
import { check, type JailPath } from './jail-path.ts';
import type { UnpackWarnings } from './unpack-warnings.ts';

const { errno } = constants;
const setIdBits = 0o6000;
/** The last second of a time in signed 64-bit nanoseconds, as Docker bounds times (moby/go-archive time.go). */
const maxSeconds = 9_223_372_036;

/**
 * What the file system, or the type of the entry, cannot hold. ENOSPC: the attribute does not fit into its inode;
 * a full disk shows itself at the next file.
 */
const cannotHold = new Set([
  errno.EOPNOTSUPP,
  errno.EPERM,
  errno.E2BIG,
  errno.ERANGE,
  errno.ENOSPC,
  errno.EDQUOT,
]);

/** Sets what a header says of an entry. One for each jail: it remembers whether directories pass on their group. */
export class EntryMetadata {
  readonly #warnings: () => UnpackWarnings;
  /** Below a setgid directory, or with `grpid`, new entries do not belong to root by themselves. */
  #groupMayBeInherited = false;

  constructor(warnings: () => UnpackWarnings) {
    this.#warnings = warnings;
  }

  /**
   * Owner, attributes and mode of an open file or directory.
   * @param isFresh whether it was just made with the entry's mode
   */
  applyToOpen(entry: TarEntry, descriptor: number, path: JailPath, isFresh: boolean): void {
    if (entry.type === 'directory' && (entry.gid !== 0 || entry.mode & 0o2000))
      this.#groupMayBeInherited = true;
    const setsOwner = this.#setsOwner(entry) || !isFresh;
    if (setsOwner) check(changeOwner(descriptor, entry.uid, entry.gid), 'set owner of', path);
    this.#setAttributes(entry, path, (name, value) => setAttribute(descriptor, name, value, value.length, 0));
    // mkdir() takes no setid bits, and gives those of the parent.
    const losesMode = setsOwner || (entry.type === 'directory' && (entry.mode & setIdBits) !== 0);
    if (losesMode) check(changeMode(descriptor, entry.mode), 'set mode of', path);
  }

  /** Owner and attributes of a link, device or fifo; mode too where one exists. */
  applyToPath(entry: TarEntry, path: JailPath): void {
    const setsOwner = this.#setsOwner(entry);
    if (setsOwner) check(changePathOwner(path, entry.uid, entry.gid), 'set owner of', path);
    this.#setAttributes(entry, path, (name, value) => setPathAttribute(path, name, value, value.length, 0));
    if (setsOwner && entry.type !== 'symlink') check(changePathMode(path, entry.mode), 'set mode of', path);
  }

  /** Make a parent that has no entry root's own, with mode 0755. */
  applyToParent(path: JailPath): void {
    if (!this.#groupMayBeInherited) return;
    check(changePathOwner(path, 0, 0), 'set owner of', path);
    check(changePathMode(path, 0o755), 'set mode of', path);
  }

  #setsOwner(entry: TarEntry): boolean {
    return entry.uid !== 0 || entry.gid !== 0 || this.#groupMayBeInherited;
  }

  #setAttributes(entry: TarEntry, path: JailPath, set: (name: string, value: Buffer) => number): void {
    for (const [name, value] of entry.xattrs) {
      if (!isKept(name)) {
        this.#warnings().add(`dropped extended attribute ${JSON.stringify(name.slice(0, 64))}`, entry.name);
        continue;
      }
      const result = set(name, value);
      if (result < 0 && cannotHold.has(-result)) {
        this.#warnings().add(
          `the file system cannot hold extended attribute ${JSON.stringify(name.slice(0, 64))}`,
          entry.name,
        );
      } else check(result, 'set extended attribute of', path);
    }
  }
}

/**
 * File capabilities and users' own attributes. Not `trusted.overlay.*`, `security.selinux`, `security.ima`,
 * `system.posix_acl_*` and others: they would change how this host treats the tree.
 */
function isKept(name: string): boolean {
  return (name === 'security.capability' || name.startsWith('user.')) && !name.includes('\0');
}

/** A time that every file system takes. */
export function clampTime(seconds: number): number {
  return Math.min(Math.max(seconds, 0), maxSeconds);
}
