/**
 * Host paths of the paths that a driver reports, remembered for a moment: consumers ask for the same volumes again and again, and each
 * look-up reads mount tables.
 */
import type { Cancellable, Clock } from '@outboard/async';
import type { CountedMounts, HandledPlugin } from './plugin-exchange.ts';

/**
 * A path is right at the time of the look-up only, however it is found; the driver can move the mount right after. `Mount` is never
 * answered from memory.
 */
const rememberedMs = 1000;
const mostRemembered = 1024;

/** Host paths of one plugin. */
export interface HostPaths {
  /** The path of a volume, which was checked: the host sees the mount of the driver there. @throws as `CountedMounts.locate` */
  checked(path: string, options: Cancellable): Promise<string>;
  /** Paths of a list, compared with one look at the mounts. Undefined for one that the host does not see as the driver does. */
  listed(paths: readonly string[], options: Cancellable): Promise<readonly (string | undefined)[]>;
}

/** Start without memory. */
export function createHostPaths(
  { driver }: Pick<HandledPlugin, 'driver'>,
  mounts: Pick<CountedMounts, 'locate' | 'locateAll'>,
  clock: Pick<Clock, 'monotonicMs'>,
): HostPaths {
  const remembered = new Map<string, { readonly hostPath: string; readonly until: number }>();
  return {
    async checked(path, options) {
      const now = clock.monotonicMs();
      const known = remembered.get(path);
      if (known !== undefined && now < known.until) return known.hostPath;
      const hostPath = await mounts.locate(driver, path, options);
      if (remembered.size >= mostRemembered) remembered.clear();
      remembered.set(path, { hostPath, until: now + rememberedMs });
      return hostPath;
    },
    async listed(paths, { signal }) {
      return paths.length === 0 ? [] : await mounts.locateAll(driver, paths, { signal });
    },
  };
}
