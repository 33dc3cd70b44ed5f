/**
 * The mounts that this process sees.
 */
import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { OutboardError } from '@outboard/oci';
import { errorCode } from './errno.ts';
import { mount, mountFlags } from './mount.ts';

/** One line of `/proc/self/mountinfo`. */
export interface MountEntry {
  readonly id: number;
  readonly parentId: number;
  /** Where it is mounted, as bytes in `latin1`, so that any name survives. */
  readonly mountPoint: string;
  /** `rw`, `noexec`, … */
  readonly options: readonly string[];
  /** `shared:5`, `master:2`, … */
  readonly propagation: readonly string[];
  readonly fileSystem: string;
}

/**
 * Parse the table. @param table the file's bytes as `latin1` text
 * @throws {OutboardError} system when a line has another shape
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
  const [id, parentId, , , mountPoint, options = '', ...propagation] = mountPart.split(' ');
  const [fileSystem] = sourcePart.split(' ');
  if (id === undefined || parentId === undefined || mountPoint === undefined || !fileSystem) {
    throw new OutboardError('system', `cannot read mount table line ${JSON.stringify(line)}`);
  }
  return {
    id: Number(id),
    parentId: Number(parentId),
    mountPoint: decodeOctal(mountPoint),
    options: options.split(','),
    propagation,
    fileSystem: decodeOctal(fileSystem),
  };
}

/** The kernel writes space, tab, newline, backslash and `#` as a backslash and three octal digits. */
function decodeOctal(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** The mount table of a process's mount namespace, as seen from its root; default this process's. */
export async function readMountTable(pid: number | 'self' = 'self'): Promise<MountEntry[]> {
  return parseMountTable(await readFile(`/proc/${pid}/mountinfo`, 'latin1'));
}

/**
 * The mounts at a path and below it, the topmost and deepest first. A last component that is a link is not followed.
 */
export async function mountsBelow(path: string): Promise<MountEntry[]> {
  const place = await locate(path);
  if (place === undefined) return [];
  const prefix = place === '/' ? '/' : `${place}/`;
  const found = (await readMountTable()).filter(
    ({ mountPoint }) => mountPoint === place || mountPoint.startsWith(prefix),
  );
  // The table lists a mount after what it covers.
  return found.reverse().sort((a, b) => depth(b.mountPoint) - depth(a.mountPoint));
}

/** The mounts at a path itself, the undermost first; only the last one is seen through the path. */
export async function mountsAt(path: string): Promise<MountEntry[]> {
  const place = await locate(path);
  return (await readMountTable()).filter(({ mountPoint }) => mountPoint === place);
}

/**
 * Make a directory a shared mount (a bind onto itself), so that mounts made below it in a container appear here too.
 * Does nothing when it is one already.
 * @throws {ErrnoError}
 */
export async function makeSharedMount(path: string): Promise<void> {
  const place = await locate(path);
  const [existing] = (await mountsBelow(path)).filter(({ mountPoint }) => mountPoint === place);
  if (existing?.propagation.some((field) => field.startsWith('shared:'))) return;
  if (existing === undefined) mount(path, path, mountFlags.bind);
  // Out of the peer group of the file system that it was bound from: a mount below would else appear in both, twice.
  mount('none', path, mountFlags.private);
  mount('none', path, mountFlags.shared);
}

/** The path as the mount table spells it; undefined when it is absent. */
export async function locate(path: string): Promise<string | undefined> {
  try {
    const parent = await realpath(dirname(path), 'buffer');
    const name = basename(path);
    const place = name === '' ? parent.toString('latin1') : join(parent.toString('latin1'), toLatin1(name));
    return place;
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
