/**
 * Checks a root filesystem for traps that an image, or an earlier run of the container, may set for the OCI runtime.
 * The runtime makes directories, device nodes and mount points before the program runs, and followed links there out
 * to the host (CVE-2019-19921, CVE-2023-28642, CVE-2026-41579). Nothing is opened.
 */
import { closeSync } from 'node:fs';
import { OutboardError } from '@outboard/oci';
import type { FileSystemProbe } from '../linux/file-system-probe.ts';
import { isAtOrBelow } from '../spec/clean-path.ts';
import type { SpecMount } from '../spec/runtime-spec.ts';
import { type ResolvedMount, walkMountedTree } from './mounted-tree.ts';
import type { WalkEnd } from './path-walk.ts';
import { openRoot, walkInRoot } from './walk-in-root.ts';

/** Directories in which the OCI runtime makes and mounts things, and that of the socket. */
const runtimeDirectories = ['/dev', '/proc', '/sys', '/run/docker/plugins'];
/** Trees that no link may redirect a mount or the working directory to. */
const reservedTrees = ['/dev', '/proc', '/sys', '/run/docker/plugins'];

/** Paths in a root filesystem that the OCI runtime will use. */
export interface UsedPaths {
  /** Mounts, in the order of mounting. */
  readonly mounts?: readonly SpecMount[] | undefined;
  /** Working directory of the program. */
  readonly workDir?: string | undefined;
}

/**
 * Check a root filesystem before a container is created from it. Nothing may write to it meanwhile, and nothing that
 * the container mounted may be left in it.
 *
 * `/dev`, `/proc`, `/sys`, `/run`, `/run/docker` and `/run/docker/plugins` must be real directories or absent. The
 * destination of a mount may be reached through links (`/var/run -> /run` is in every image), as the runtime keeps
 * them inside the root; but they must not lead into those trees, nor to a mount that is shared with the host, and
 * every parent must be a directory or absent. The same holds for links in the sources of earlier mounts, and for the
 * working directory, which could lead out through an open file of the runtime (CVE-2024-21626).
 *
 * @param used absolute, clean paths in the container
 * @throws {OutboardError} invalid, naming the component; system when the disk fails. The reason of the signal
 */
export async function checkRootfs(rootfs: string, used: UsedPaths, probe: FileSystemProbe): Promise<void> {
  const root = openRoot(rootfs);
  try {
    for (const path of runtimeDirectories) requireDirectories(walkInRoot(root, path));
    const mounted: ResolvedMount[] = [];
    for (const mount of used.mounts ?? []) {
      const walk = await walkMountedTree(root, mounted, mount.destination, probe);
      requireUntrapped(walk, `mount destination ${JSON.stringify(mount.destination)}`, mounted);
      mounted.push({ path: walk.path, mount });
    }
    if (used.workDir === undefined) return;
    const walk = await walkMountedTree(root, mounted, used.workDir, probe);
    requireUntrapped(walk, `working directory ${JSON.stringify(used.workDir)}`, []);
  } finally {
    closeSync(root);
  }
}

function requireDirectories({ links, end, path }: WalkEnd): void {
  const link = links[0];
  if (link === undefined && end !== 'other') return;
  throw new OutboardError(
    'invalid',
    link === undefined
      ? `${JSON.stringify(path)} in the root filesystem is not a directory`
      : `${JSON.stringify(link)} in the root filesystem is a link, want a directory or nothing`,
  );
}

/** Refuse a path that a link redirects to a reserved tree or a shared mount. @param mounted mounts so far */
function requireUntrapped({ links, path }: WalkEnd, what: string, mounted: readonly ResolvedMount[]): void {
  const link = links[0];
  if (link === undefined) return;
  const leads = `${what} leads to ${JSON.stringify(path)} in the container, by way of the link ${JSON.stringify(link)}`;
  if (reservedTrees.some((tree) => isAtOrBelow(path, tree))) throw new OutboardError('invalid', leads);
  // A mount there would propagate to the host.
  const shared = mounted.find((entry) => isShared(entry.mount) && isAtOrBelow(path, entry.path));
  if (shared === undefined) return;
  throw new OutboardError('invalid', `${leads}: ${JSON.stringify(shared.path)} is shared with the host`);
}

function isShared({ options }: SpecMount): boolean {
  return options.includes('shared') || options.includes('rshared');
}
