/**
 * Looks for traps that an image may set for the OCI runtime: it makes directories, device nodes and mount points in
 * the root filesystem before the plugin runs, and where it met links there it did so on the host
 * (CVE-2019-19921, CVE-2023-28642, CVE-2026-41579).
 *
 * Synchronous on purpose: a start makes some hundred of these lookups, each of which takes microseconds here and the
 * thread pool a hundred times as long. Nothing is opened, and what a plugin mounted is unmounted before.
 */
import { closeSync, constants, fstatSync, openSync, readlinkSync } from 'node:fs';
import { OutboardError } from '@outboard/oci';
import { errorCode } from '../linux/libc.ts';

/** Where the runtime itself makes and mounts things, and where the plugin's socket directory goes. */
const runtimeDirectories = ['/dev', '/proc', '/sys', '/run/docker/plugins'];
/** Places that no link may redirect a mount or the working directory to. */
const reservedTrees = ['/dev', '/proc', '/sys', '/run/docker/plugins'];
/** As many links as the kernel follows. */
const maxLinks = 40;
const pathOnly = 0o10000000; // O_PATH: opens nothing, so that no fifo or device is touched

/** What the runtime will go to in a root filesystem. */
export interface UsedPaths {
  /** Where it mounts. */
  readonly destinations?: readonly string[];
  /** Where it starts the plugin. */
  readonly workDir?: string;
}

/**
 * Check a root filesystem before a container is made of it. Nothing may write to it meanwhile.
 *
 * `/dev`, `/proc`, `/sys`, `/run`, `/run/docker` and `/run/docker/plugins` must be real directories or absent. The
 * destination of a mount may be reached through links (`/var/run -> /run` is in every image), as the runtime keeps
 * them inside; but they must not lead into those trees, and every parent must be a directory or absent. The same
 * holds for the working directory: one that leads to an open file of the runtime is outside (CVE-2024-21626).
 *
 * @param used absolute, clean paths in the container
 * @throws {OutboardError} invalid, naming the component; system when the disk fails
 */
export async function checkRootfs(rootfs: string, used: UsedPaths = {}): Promise<void> {
  const root = openHandle(rootfs, constants.O_DIRECTORY);
  if (root === undefined)
    throw new OutboardError('invalid', `root filesystem ${JSON.stringify(rootfs)} is absent`);
  try {
    for (const path of runtimeDirectories) requireDirectories(root, path);
    for (const path of used.destinations ?? []) checkPlace(root, path, 'mount destination');
    if (used.workDir !== undefined) checkPlace(root, used.workDir, 'working directory');
  } finally {
    closeSync(root);
  }
}

function requireDirectories(root: number, path: string): void {
  const walk = walkInRoot(root, path);
  const link = walk.links[0];
  if (link !== undefined) {
    throw new OutboardError(
      'invalid',
      `${JSON.stringify(link)} in the root filesystem is a link, want a directory or nothing`,
    );
  }
  if (walk.end === 'other') throw notDirectory(walk.path);
}

function checkPlace(root: number, path: string, what: string): void {
  const walk = walkInRoot(root, path);
  const isRedirected = walk.links.length > 0 && reservedTrees.some((tree) => isInside(walk.path, tree));
  if (isRedirected) {
    throw new OutboardError(
      'invalid',
      `${what} ${JSON.stringify(path)} leads to ${JSON.stringify(walk.path)} in the root filesystem, ` +
        `by way of the link ${JSON.stringify(walk.links[0])}`,
    );
  }
}

/** Where a path leads. `other`: something that is neither directory nor link, at the path's end. */
interface Walk {
  readonly path: string;
  readonly end: 'directory' | 'other' | 'absent';
  /** The links on the way. */
  readonly links: readonly string[];
}

/** Follow a path inside the root one component at a time, by handles; `..` stops at the root. */
function walkInRoot(root: number, path: string): Walk {
  const links: string[] = [];
  const rest = path.split('/').reverse();
  let reached: string[] = [];
  let end: Walk['end'] = 'directory';
  for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      reached.pop();
      end = 'directory';
      continue;
    }
    if (end === 'other') throw notDirectory(`/${reached.join('/')}`);
    const found = look(root, [...reached, name]);
    if (found.type === 'link') {
      links.push(`/${[...reached, name].join('/')}`);
      if (links.length > maxLinks)
        throw new OutboardError('invalid', `too many links on the way to ${JSON.stringify(path)}`);
      if (found.target.startsWith('/')) reached = [];
      rest.push(...found.target.split('/').reverse());
    } else {
      reached.push(name);
      end = found.type;
    }
  }
  return { path: `/${reached.join('/')}`, end, links };
}

type Found =
  | { readonly type: 'directory' | 'other' | 'absent' }
  | { readonly type: 'link'; readonly target: string };

/** What the last of some components is; the ones before it are directories or absent. */
function look(root: number, components: readonly string[]): Found {
  const opened: number[] = [];
  try {
    for (const name of components) {
      const path = `/proc/self/fd/${opened.at(-1) ?? root}/${name}`;
      const handle = openHandle(path);
      if (handle === undefined) return { type: 'absent' };
      opened.push(handle);
      const found = fstatSync(handle);
      if (found.isSymbolicLink()) return { type: 'link', target: readlinkSync(path) };
      if (!found.isDirectory()) return { type: 'other' };
    }
    return { type: 'directory' };
  } finally {
    for (const handle of opened) closeSync(handle);
  }
}

/** @returns a descriptor; undefined when it is absent */
function openHandle(path: string, flags = 0): number | undefined {
  try {
    return openSync(path, pathOnly | constants.O_NOFOLLOW | flags);
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return undefined;
    throw new OutboardError('system', `cannot look at ${JSON.stringify(path)}: ${errorCode(cause)}`, {
      cause,
    });
  }
}

function notDirectory(path: string): OutboardError {
  return new OutboardError('invalid', `${JSON.stringify(path)} in the root filesystem is not a directory`);
}

function isInside(path: string, tree: string): boolean {
  return path === tree || path.startsWith(`${tree}/`);
}
