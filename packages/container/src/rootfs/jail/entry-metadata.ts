/**
 * Sets owners, extended attributes, modes and times of unpacked entries, in that order: a change of owner clears
 * setuid bits and file capabilities, and a write clears file capabilities too.
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
/** Last second that fits signed 64-bit nanoseconds, Docker's limit (moby/go-archive time.go). */
const maxSeconds = 9_223_372_036;

/**
 * Errors of attributes that the file system, or the type of the entry, does not support. ENOSPC: the attribute does
 * not fit into its inode; a full disk shows at the next file.
 */
const cannotHold = new Set([
  errno.EOPNOTSUPP,
  errno.EPERM,
  errno.E2BIG,
  errno.ERANGE,
  errno.ENOSPC,
  errno.EDQUOT,
]);

/** Sets metadata of entries of one jail. It remembers whether new entries may inherit a group. */
export class EntryMetadata {
  readonly #warnings: () => UnpackWarnings;
  /** Below a setgid directory, or with mount option `grpid`, new entries inherit a group other than root's. */
  #groupMayBeInherited = false;

  constructor(warnings: () => UnpackWarnings) {
    this.#warnings = warnings;
  }

  /**
   * Set owner, attributes and mode of an open file or directory.
   * @param isFresh true when it was just made with the mode of the entry
   */
  applyToOpen(entry: TarEntry, descriptor: number, path: JailPath, isFresh: boolean): void {
    if (entry.type === 'directory' && (entry.gid !== 0 || entry.mode & 0o2000))
      this.#groupMayBeInherited = true;
    const setsOwner = this.#setsOwner(entry) || !isFresh;
    if (setsOwner) check(changeOwner(descriptor, entry.uid, entry.gid), 'set owner of', path);
    this.#setAttributes(entry, path, (name, value) => setAttribute(descriptor, name, value, value.length, 0));
    // mkdir() ignores setid bits, and inherits those of the parent.
    const losesMode = setsOwner || (entry.type === 'directory' && (entry.mode & setIdBits) !== 0);
    if (losesMode) check(changeMode(descriptor, entry.mode), 'set mode of', path);
  }

  /** Set owner and attributes of a link, device or fifo; the mode too, except for a link. */
  applyToPath(entry: TarEntry, path: JailPath): void {
    const setsOwner = this.#setsOwner(entry);
    if (setsOwner) check(changePathOwner(path, entry.uid, entry.gid), 'set owner of', path);
    this.#setAttributes(entry, path, (name, value) => setPathAttribute(path, name, value, value.length, 0));
    if (setsOwner && entry.type !== 'symlink') check(changePathMode(path, entry.mode), 'set mode of', path);
  }

  /** Give a parent directory without entry of its own to root, with mode 0755. */
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
      if (!isKeptAttribute(name)) {
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
 * True for file capabilities and user attributes. Others, such as `trusted.overlay.*`, `security.selinux`,
 * `security.ima` and `system.posix_acl_*`, would change how this host treats the tree.
 */
export function isKeptAttribute(name: string): boolean {
  return (name === 'security.capability' || name.startsWith('user.')) && !name.includes('\0');
}

/** Limit a time to the range that every file system supports. */
export function clampTime(seconds: number): number {
  return Math.min(Math.max(seconds, 0), maxSeconds);
}
