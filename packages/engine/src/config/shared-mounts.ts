/**
 * Mounts that are shared with the host. A mount below a shared one propagates to the host and covers its files there, such
 * as a plugin's socket directory over the sockets of all plugins. A shared mount with another mount of the plugin below it
 * is therefore mounted as a slave: the plugin sees mounts of the host, and the host sees none of the plugin's. (Docker
 * mounts it as written: blockbridge covers the host's `/run/docker/plugins` then.)
 * @see mount_namespaces(7)
 */
import { isAtOrBelow, withoutVarRun } from '@outboard/container';
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
  const places = mounts.map(({ destination }) => withoutVarRun(destination));
  const sorted = places.toSorted();
  const confined = mounts.map((mount, index) => {
    const inner = mount.shared ? findInner(index, mounts, { places, sorted }) : undefined;
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

/**
 * The mount, or the socket directory, that is below a shared mount.
 * @param outer index of the shared mount; all mounts may be shared, so that this is done in little time
 * @param places.places destination of each mount; sorted as well
 */
function findInner(
  outer: number,
  mounts: readonly ShareableMount[],
  { places, sorted }: { readonly places: readonly string[]; readonly sorted: readonly string[] },
): string | undefined {
  const place = places[outer] ?? '/';
  const start = place === '/' ? '/' : `${place}/`;
  const isBelowIt = (inner: string) => inner !== place && inner.startsWith(start);
  const hasInner = place === '/' || sorted[firstAtOrAfter(sorted, start)]?.startsWith(start) === true;
  const below = hasInner ? places.findIndex(isBelowIt) : -1;
  // Shared mounts are made last, in their order: a later one at the same path would be mounted on this one.
  const findLater = (): number =>
    places.findIndex((other, index) => index > outer && other === place && mounts[index]?.shared === true);
  const isRepeated = sorted[firstAtOrAfter(sorted, place) + 1] === place;
  const later = below === -1 && isRepeated ? findLater() : -1;
  const inner = mounts[below === -1 ? later : below];
  return (
    inner?.destination ?? (isAtOrBelow(socketDirectoryInPlugin, place) ? socketDirectoryInPlugin : undefined)
  );
}

/** Index of the first text of a sorted list that is not before the given one. */
function firstAtOrAfter(sorted: readonly string[], text: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? '') < text) low = middle + 1;
    else high = middle;
  }
  return low;
}
