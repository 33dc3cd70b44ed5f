/**
 * Path look-up in the tree that the OCI runtime sees while it mounts: the root filesystem with the mounts so far.
 * Sources that a container can write may contain links that an earlier run planted, and the runtime follows them. So
 * a path is followed through the sources of earlier mounts as well.
 * @see OCI runtime-spec v1.0.2, config.md, "Mounts": in the listed order
 */
import { OutboardError } from '@outboard/oci';
import type { FileSystemProbe } from '../linux/file-system-probe.ts';
import { isAtOrBelow } from '../spec/clean-path.ts';
import type { SpecMount } from '../spec/runtime-spec.ts';
import { type Found, PathWalk, type WalkEnd } from './path-walk.ts';
import { statInRoot } from './walk-in-root.ts';

/** A mount and the path that its destination leads to. */
export interface ResolvedMount {
  readonly path: string;
  readonly mount: SpecMount;
}

const typeBits = 0o170000; // S_IFMT
const linkType = 0o120000; // S_IFLNK
const directoryType = 0o040000; // S_IFDIR

/**
 * Follow a path in a root filesystem with mounts.
 * @param root handle of the root filesystem
 * @param mounted in the order of mounting
 * @throws {OutboardError} invalid for a parent that is not a directory, and for too many links; system for a source
 *   that cannot be read. The reason of the signal
 */
export async function walkMountedTree(
  root: number,
  mounted: readonly ResolvedMount[],
  path: string,
  probe: FileSystemProbe,
): Promise<WalkEnd> {
  const walk = new PathWalk(path);
  for (let components = walk.next(); components !== undefined; components = walk.next()) {
    const at = `/${components.join('/')}`;
    const covering = mounted.findLast((entry) => isAtOrBelow(at, entry.path));
    walk.take(covering === undefined ? statInRoot(root, components) : await lookInMount(covering, at, probe));
  }
  return walk.end();
}

/**
 * Look up a path in a mount. Sources of bind mounts are on the host, on file systems that may not answer; all other
 * mounts are new and empty.
 */
async function lookInMount(
  { path, mount }: ResolvedMount,
  at: string,
  probe: FileSystemProbe,
): Promise<Found> {
  if (mount.type !== 'bind') return { type: at === path ? 'directory' : 'absent' };
  const isRoot = at === path;
  const source = `${mount.source}${at.slice(path === '/' ? 0 : path.length)}`;
  // The source itself may be a link, which mount(2) follows.
  const status = await probe.status(source, { followLinks: isRoot });
  if (status.kind === 'missing') return { type: 'absent' };
  if (status.kind === 'unreachable') throw cannotLook(source, status.reason);
  const type = status.value.mode & typeBits;
  if (type === directoryType) return { type: 'directory' };
  if (type !== linkType) return { type: 'other' };
  const target = await probe.link(source);
  if (target.kind === 'found') return { type: 'link', target: target.value };
  throw cannotLook(source, target.kind === 'missing' ? 'it has just gone' : target.reason);
}

function cannotLook(path: string, reason: string): OutboardError {
  return new OutboardError('system', `cannot look at ${JSON.stringify(path)}: ${reason}`);
}
