/**
 * Binds of directories onto themselves as shared mounts. A mount namespace that has a copy of the mount above, as services
 * with a sandbox have, gets a copy of the bind, and with it all mounts that are made below it later. For that the bind must
 * have its own peer group before it is attached: a copy never joins a group that the bind joins later.
 * @see mount_namespaces(7), open_tree(2), mount_setattr(2)
 */
import { closeSync } from 'node:fs';
import { bindCall, checkResult, ErrnoError } from './libc.ts';
import { mount, mountFlags } from './mount.ts';

/** Numbers of system calls on every architecture. */
const [openTreeNumber, moveMountNumber, setAttributesNumber] = [428, 429, 442];
const currentDirectory = -100; // AT_FDCWD
const emptyPath = 0x1000; // AT_EMPTY_PATH
const wholeTree = 0x8000; // AT_RECURSIVE
const cloneTree = 0x1; // OPEN_TREE_CLONE
const closeOnExec = 0o2000000; // OPEN_TREE_CLOEXEC
const fromEmptyPath = 0x4; // MOVE_MOUNT_F_EMPTY_PATH

const openTree = bindCall<[number: number, directory: number, path: string, flags: number]>(
  'intptr_t syscall(long number, int directory, const char *path, unsigned int flags)',
);
const moveMount = bindCall<
  [number: number, from: number, fromPath: string, to: number, toPath: string, flags: number]
>(
  'intptr_t syscall(long number, int from, const char *fromPath, int to, const char *toPath, unsigned int flags)',
);
const setAttributes = bindCall<
  [number: number, mount: number, path: string, flags: number, attributes: BigUint64Array, size: number]
>(
  'intptr_t syscall(long number, int mount, const char *path, unsigned int flags, const void *attributes, size_t size)',
);

/** Bind a directory onto itself as a shared mount with a peer group of its own. @throws {ErrnoError} */
export function bindShared(path: string): void {
  try {
    attachShared(path);
  } catch (error) {
    if (!isUnknownCall(error)) throw error;
    mount(path, path, mountFlags.bind);
    makeOwnGroup(path);
  }
}

/** Give a mount a peer group of its own. Copies of it in other mount namespaces stay behind. @throws {ErrnoError} */
export function makeOwnGroup(path: string): void {
  // Leave the peer group of the source file system: a mount below would otherwise appear in both, twice.
  mount('none', path, mountFlags.private);
  mount('none', path, mountFlags.shared);
}

/**
 * A copy of the mount at a path, without the mounts below it, that is attached nowhere. The caller closes the handle, which
 * ends it. @throws {ErrnoError} ENOSYS before Linux 5.2
 */
export function cloneMount(path: string): number {
  return cloneTreeAt(path, 0);
}

function cloneTreeAt(path: string, depth: number): number {
  const flags = cloneTree | closeOnExec | depth;
  return checkResult(openTree(openTreeNumber, currentDirectory, path, flags), 'open_tree', path);
}

/** A mount as it is attached. */
interface AttachedTree {
  readonly source: string;
  readonly target: string;
  /** With all mounts below the source. */
  readonly isRecursive: boolean;
  /** Attributes to set, and propagation, in turn. */
  readonly steps: readonly { readonly attributes?: number; readonly propagation: number }[];
}

/**
 * Bind a directory and all mounts below it at another path, as slaves of the originals and without set-user-ID programs and devices:
 * nobody ever sees them otherwise, also in mount namespaces that get a copy.
 * @throws {ErrnoError}
 */
export function bindSlave(source: string, target: string): void {
  const { bind, remount, slave, noSuid, noDevices } = mountFlags;
  const whole = mountFlags.recursive;
  try {
    const attributes = noSuid | noDevices;
    attachTree({ source, target, isRecursive: true, steps: [{ attributes, propagation: slave }] });
  } catch (error) {
    if (!isUnknownCall(error)) throw error;
    mount(source, target, bind | whole);
    mount('none', target, slave | whole);
    mount('none', target, bind | remount | noSuid | noDevices);
  }
}

function attachShared(path: string): void {
  const steps = [{ propagation: mountFlags.private }, { propagation: mountFlags.shared }];
  attachTree({ source: path, target: path, isRecursive: false, steps });
}

function attachTree({ source, target, isRecursive, steps }: AttachedTree): void {
  const depth = isRecursive ? wholeTree : 0;
  const tree = cloneTreeAt(source, depth);
  try {
    for (const { attributes = 0, propagation } of steps) {
      // struct mount_attr: flags to set, flags to clear, propagation, user namespace
      const wanted = new BigUint64Array([BigInt(attributes), 0n, BigInt(propagation), 0n]);
      const result = setAttributes(
        setAttributesNumber,
        tree,
        '',
        emptyPath | depth,
        wanted,
        wanted.byteLength,
      );
      checkResult(result, 'mount_setattr', source);
    }
    const result = moveMount(moveMountNumber, tree, '', currentDirectory, target, fromEmptyPath);
    checkResult(result, 'move_mount', target);
  } finally {
    closeSync(tree);
  }
}

/** Linux before 5.12, or a filter of system calls that does not know them. */
function isUnknownCall(error: unknown): boolean {
  return error instanceof ErrnoError && ['ENOSYS', 'EPERM'].includes(error.code);
}
