/**
 * The mount table.
 */
import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { OutboardError } from '@outboard/oci';
import { errorCode } from './errno.ts';
import { bindShared, makeOwnGroup } from './shared-bind.ts';

/** One line of `/proc/self/mountinfo`. */
export interface MountEntry {
  readonly id: number;
  readonly parentId: number;
  /** Number of the device, such as `7:1`; those of file systems without a device begin with `0:`. */
  readonly device: string;
  /** Directory of the file system that is mounted, as bytes in `latin1`; `/` unless it is a bind. */
  readonly root: string;
  /** Mount point as bytes in `latin1`, since it need not be UTF-8. */
  readonly mountPoint: string;
  /** `rw`, `noexec`, … */
  readonly options: readonly string[];
  /** `shared:5`, `master:2`, … */
  readonly propagation: readonly string[];
  readonly fileSystem: string;
  /** Options of the file system itself, such as the controllers of a cgroup v1 hierarchy. */
  readonly superOptions: readonly string[];
}

/**
 * Parse a mount table. @param table content of the file, decoded as `latin1`
 * @throws {OutboardError} system for a malformed line
 * @see proc_pid_mountinfo(5)
 */
export function parseMountTable(table: string): MountEntry[] {
  return table
    .split('\n')
    .filter((line) => line !== '')
    .map(parseMountLine);
}

function parseMountLine(line: string): MountEntry {
  const [mountPart = '', sourcePart = ''] = line.split(' - ', 2);
  const [id, parentId, device, root, mountPoint, options = '', ...propagation] = mountPart.split(' ');
  const [fileSystem, , superOptions = ''] = sourcePart.split(' ');
  if (!id || !parentId || !device || !root || !mountPoint || !fileSystem) {
    throw new OutboardError('system', `cannot read mount table line ${JSON.stringify(line)}`);
  }
  return {
    id: Number(id),
    parentId: Number(parentId),
    device,
    root: decodeOctal(root),
    mountPoint: decodeOctal(mountPoint),
    options: options.split(','),
    propagation,
    fileSystem: decodeOctal(fileSystem),
    superOptions: superOptions.split(','),
  };
}

/** The kernel escapes space, tab, newline, backslash and `#` as a backslash and three octal digits. */
function decodeOctal(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/**
 * Look up mounts by paths, with all mounts that cover others taken into account.
 * @returns finds the mount that a path leads to; undefined for a table without a root. The path is absolute, without links, as
 *   bytes in `latin1`
 */
export function lookUpMounts(table: readonly MountEntry[]): (path: string) => MountEntry | undefined {
  const ids = new Set(table.map(({ id }) => id));
  const root = table.find(
    ({ id, parentId, mountPoint }) => mountPoint === '/' && (id === parentId || !ids.has(parentId)),
  );
  const children = new Map<string, MountEntry>();
  for (const entry of table) {
    if (entry.id !== entry.parentId) children.set(`${entry.parentId} ${entry.mountPoint}`, entry);
  }
  return (path) => {
    const places = placesTo(path);
    let found = root;
    // A mount hides those below it that have the same parent as itself: the next one is the first on the way from there.
    for (let index = 0; found !== undefined && index < places.length; ) {
      const next = children.get(`${found.id} ${places[index]}`);
      if (next === undefined) index += 1;
      else found = next;
    }
    return found;
  };
}

/** `/`, `/a`, `/a/b` for `/a/b`. */
function placesTo(path: string): readonly string[] {
  const names = path.split('/').filter((name) => name !== '');
  return ['/', ...names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`)];
}

/** Read the mount table of a process, as seen from its root directory; default this process. */
export async function readMountTable(pid: number | 'self' = 'self'): Promise<MountEntry[]> {
  return parseMountTable(await readFile(`/proc/${pid}/mountinfo`, 'latin1'));
}

/** The mounts of some types of file systems. Other lines, of which there may be thousands, are not parsed. */
export async function readMountsOfType(...types: readonly string[]): Promise<MountEntry[]> {
  const table = await readFile('/proc/self/mountinfo', 'latin1');
  // The kernel escapes spaces within fields.
  const isOfType = (line: string) => types.some((type) => line.includes(` - ${type} `));
  return table.split('\n').filter(isOfType).map(parseMountLine);
}

/** Mounts at a path and below it, topmost and deepest first. A link in the last component is not followed. */
export async function mountsBelow(path: string): Promise<MountEntry[]> {
  const located = await locate(path);
  if (located === undefined) return [];
  const prefix = located === '/' ? '/' : `${located}/`;
  const found = (await readMountTable()).filter(
    ({ mountPoint }) => mountPoint === located || mountPoint.startsWith(prefix),
  );
  // The table lists a mount after the mounts that it covers.
  return found.reverse().sort((a, b) => depth(b.mountPoint) - depth(a.mountPoint));
}

/** Mounts at a path itself, bottom first; only the last one is visible. */
export async function mountsAt(path: string): Promise<MountEntry[]> {
  const located = await locate(path);
  return (await readMountTable()).filter(({ mountPoint }) => mountPoint === located);
}

/**
 * Make a directory a shared mount (a bind onto itself), so that mounts made below it in a container propagate to the
 * host, and to mount namespaces that get mounts of the host. Does nothing when it is shared already.
 * @throws {ErrnoError}
 */
export async function makeSharedMount(path: string): Promise<void> {
  const located = await locate(path);
  const [existing] = (await mountsBelow(path)).filter(({ mountPoint }) => mountPoint === located);
  if (existing?.propagation.some((field) => field.startsWith('shared:'))) return;
  if (existing === undefined) bindShared(path);
  else makeOwnGroup(path);
}

/** The path as the mount table spells it; undefined when it does not exist. */
export async function locate(path: string): Promise<string | undefined> {
  try {
    const parent = await realpath(dirname(path), 'buffer');
    const name = basename(path);
    return name === '' ? parent.toString('latin1') : join(parent.toString('latin1'), toLatin1(name));
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

function toLatin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function depth(path: string): number {
  return path.split('/').length;
}
