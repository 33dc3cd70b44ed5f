/**
 * Mounts that are shared with the host. A mount below a shared one propagates to the host and covers its files there, such
 * as a plugin's socket directory over the sockets of all plugins. A shared mount with another mount of the plugin below it
 * is therefore mounted as a slave: the plugin sees mounts of the host, and the host sees none of the plugin's. (Docker
 * mounts it as written: blockbridge covers the host's `/run/docker/plugins` then.)
 * @see mount_namespaces(7)
 */
import { isAtOrBelow, isBelow, withoutVarRun } from '@outboard/container';
import { showValue } from '@outboard/oci';
import { isSharedOption, socketDirectoryInPlugin } from './mount-rules.ts';

/** Properties of a mount that has passed the rules. */
export interface ShareableMount {
  readonly destination: string;
  readonly options: readonly string[];
  readonly shared: boolean;
}

/** Mounts without another one below a shared one, and one line for each that is no longer shared. */
export interface ConfinedMounts<T> {
  readonly mounts: readonly T[];
  readonly warnings: readonly string[];
}

/** Turn shared mounts with the socket directory or another mount below them into slaves. */
export function confineSharedMounts<T extends ShareableMount>(mounts: readonly T[]): ConfinedMounts<T> {
  const warnings: string[] = [];
  const confined = mounts.map((mount, index) => {
    const inner = mount.shared ? findInner(mount, mounts, mounts.slice(index + 1)) : undefined;
    if (inner === undefined) return mount;
    const [outside, inside] = [showValue(mount.destination), showValue(inner)];
    warnings.push(
      `the mount at ${outside} is mounted as "rslave", not shared: ${inside} is mounted below it, and would be ` +
        'mounted on the host as well',
    );
    const options = mount.options.map((option) => (isSharedOption(option) ? 'rslave' : option));
    return { ...mount, options, shared: false };
  });
  return { mounts: confined, warnings };
}

function findInner(
  outer: ShareableMount,
  all: readonly ShareableMount[],
  later: readonly ShareableMount[],
): string | undefined {
  const place = withoutVarRun(outer.destination);
  const inner =
    all.find(({ destination }) => isBelow(withoutVarRun(destination), place)) ??
    // Shared mounts are made last, in their order: a later one at the same path would be mounted on this one.
    later.find(({ destination, shared }) => shared && withoutVarRun(destination) === place);
  return (
    inner?.destination ?? (isAtOrBelow(socketDirectoryInPlugin, place) ? socketDirectoryInPlugin : undefined)
  );
}
