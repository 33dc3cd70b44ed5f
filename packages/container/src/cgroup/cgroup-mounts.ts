/**
 * The cgroup hierarchies of the host. On v1 each has some controllers, on v2 one has all; hybrid hosts have both.
 * @see cgroups(7)
 */
import { type MountEntry, readMountsOfType } from '../linux/mount-table.ts';

/** A mounted cgroup hierarchy. */
export interface CgroupMount {
  readonly mountPoint: string;
  readonly version: 1 | 2;
  /** On v1 the controllers of this hierarchy; on v2 each cgroup has its own. */
  readonly controllers?: readonly string[];
}

/** True when a hierarchy may have the files of a controller: a file that cannot be there is not looked for. */
export function mayControl({ controllers }: CgroupMount, name: string): boolean {
  return controllers === undefined || controllers.includes(name);
}

/** All mounted cgroup hierarchies, v1 before v2. */
export async function findCgroupMounts(): Promise<readonly CgroupMount[]> {
  const mounts = await readMountsOfType('cgroup', 'cgroup2');
  const at = (fileSystem: string): readonly MountEntry[] => {
    const found = mounts.filter((mount) => mount.fileSystem === fileSystem);
    return [...new Map(found.map((mount) => [mount.mountPoint, mount])).values()];
  };
  return [
    ...at('cgroup').map(
      ({ mountPoint, superOptions }) => ({ mountPoint, version: 1, controllers: superOptions }) as const,
    ),
    ...at('cgroup2').map(({ mountPoint }) => ({ mountPoint, version: 2 }) as const),
  ];
}
