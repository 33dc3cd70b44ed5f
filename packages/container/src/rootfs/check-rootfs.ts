/**
 * Looks for traps that an image, or an earlier run of the plugin, may set for the OCI runtime: it makes directories, device
 * nodes and mount points before the plugin runs, and where it met links there it did so on the host
 * (CVE-2019-19921, CVE-2023-28642, CVE-2026-41579). Nothing is opened.
 */
import { closeSync } from 'node:fs';
import { OutboardError } from '@outboard/oci';
import type { FileSystemProbe } from '../linux/file-system-probe.ts';
import { isAtOrBelow } from '../spec/clean-path.ts';
import type { SpecMount } from '../spec/runtime-spec.ts';
import { type ResolvedMount, walkMountedTree } from './mounted-tree.ts';
import type { WalkEnd } from './path-walk.ts';
import { openRoot, walkInRoot } from './walk-in-root.ts';

/** Where the runtime itself makes and mounts things, and where the plugin's socket directory goes. */
const runtimeDirectories = ['/dev', '/proc', '/sys', '/run/docker/plugins'];
/** Places that no link may redirect a mount or the working directory to. */
const reservedTrees = ['/dev', '/proc', '/sys', '/run/docker/plugins'];

/** What the runtime will go to in a root filesystem. */
export interface UsedPaths {
  /** In the order in which it mounts them. */
  readonly mounts?: readonly SpecMount[] | undefined;
  /** Where it starts the plugin. */
  readonly workDir?: string | undefined;
}

/**
 * Check a root filesystem before a container is made of it. Nothing may write to it meanwhile, and nothing that the plugin
 * mounted may be left in it.
 *
 * `/dev`, `/proc`, `/sys`, `/run`, `/run/docker` and `/run/docker/plugins` must be real directories or absent. The
 * destination of a mount may be reached through links (`/var/run -> /run` is in every image), as the runtime keeps
 * them inside; but they must not lead into those trees, nor to a mount that is shared with the host, and every parent must
 * be a directory or absent. The same holds for links in the sources of mounts that were mounted before, and for the working
 * directory: one that leads to an open file of the runtime is outside (CVE-2024-21626).
 *
 * @param used absolute, clean paths in the container
 * @throws {OutboardError} invalid, naming the component; system when the disk fails. The signal's reason
 */
export async function checkRootfs(rootfs: string, used: UsedPaths, probe: FileSystemProbe): Promise<void> {
  const root = openRoot(rootfs);
  try {
    for (const path of runtimeDirectories) requireDirectories(walkInRoot(root, path));
    const mounted: ResolvedMount[] = [];
    for (const mount of used.mounts ?? []) {
      const walk = await walkMountedTree(root, mounted, mount.destination, probe);
      requireUntrapped(walk, `mount destination ${JSON.stringify(mount.destination)}`, mounted);
      mounted.push({ place: walk.path, mount });
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

/** @param mounted what lies below the place already */
function requireUntrapped({ links, path }: WalkEnd, what: string, mounted: readonly ResolvedMount[]): void {
  const link = links[0];
  if (link === undefined) return;
  const leads = `${what} leads to ${JSON.stringify(path)} in the plugin, by way of the link ${JSON.stringify(link)}`;
  if (reservedTrees.some((tree) => isAtOrBelow(path, tree))) throw new OutboardError('invalid', leads);
  // What is mounted there would be mounted on the host as well.
  const shared = mounted.find(({ place, mount }) => isShared(mount) && isAtOrBelow(path, place));
  if (shared === undefined) return;
  throw new OutboardError('invalid', `${leads}: ${JSON.stringify(shared.place)} is shared with the host`);
}

function isShared({ options }: SpecMount): boolean {
  return options.includes('shared') || options.includes('rshared');
}
