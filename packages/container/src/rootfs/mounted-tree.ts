/**
 * The tree that the OCI runtime works in while it mounts: the root filesystem with all that was mounted on it so far. What
 * a plugin may write can hold links that an earlier run of it planted, and the runtime follows them: so a destination is
 * followed through the sources of earlier mounts as well.
 * @see OCI runtime-spec v1.0.2, config.md, "Mounts": in the listed order
 */
import { OutboardError } from '@outboard/oci';
import type { FileSystemProbe } from '../linux/file-system-probe.ts';
import { isAtOrBelow } from '../spec/clean-path.ts';
import type { SpecMount } from '../spec/runtime-spec.ts';
import { type Found, PathWalk, type WalkEnd } from './path-walk.ts';
import { statInRoot } from './walk-in-root.ts';

/** A mount and the place that its destination led to. */
export interface ResolvedMount {
  readonly place: string;
  readonly mount: SpecMount;
}

const typeBits = 0o170000; // S_IFMT
const linkType = 0o120000; // S_IFLNK
const directoryType = 0o040000; // S_IFDIR

/**
 * Where a path leads in a root filesystem with mounts on it.
 * @param root a handle on the root filesystem
 * @param mounted in the order of mounting
 * @throws {OutboardError} invalid: through something that is no directory, too many links; system: a source that cannot be
 *   looked at. The signal's reason
 */
export async function walkMountedTree(
  root: number,
  mounted: readonly ResolvedMount[],
  path: string,
  probe: FileSystemProbe,
): Promise<WalkEnd> {
  const walk = new PathWalk(path);
  for (let place = walk.next(); place !== undefined; place = walk.next()) {
    const at = `/${place.join('/')}`;
    const covering = mounted.findLast((entry) => isAtOrBelow(at, entry.place));
    walk.take(covering === undefined ? statInRoot(root, place) : await lookInMount(covering, at, probe));
  }
  return walk.end();
}

/** Sources of bind mounts are on the host, on file systems that need not answer; all others are new and empty. */
async function lookInMount(
  { place, mount }: ResolvedMount,
  at: string,
  probe: FileSystemProbe,
): Promise<Found> {
  if (mount.type !== 'bind') return { type: at === place ? 'directory' : 'absent' };
  const isRoot = at === place;
  const source = `${mount.source}${at.slice(place === '/' ? 0 : place.length)}`;
  // The source itself may be a link, which the kernel follows when it is mounted.
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
