/**
 * Mounts of volumes. Each pair of volume and holder ID is a reference to the volume's plugin; repeated mounts of one ID are
 * counted, as its driver counts them.
 */
import type { PluginReferences } from '../references/plugin-references.ts';

/** One mount of a volume by one holder. */
export interface VolumeMount {
  /** Full name of the driver. */
  readonly driver: string;
  readonly volume: string;
  /** ID of the holder. */
  readonly id: string;
}

/** A snapshot of the mounts of one driver's volumes. */
export interface DriverMounts {
  /** IDs of the holders of a volume, sorted. */
  idsOf(volume: string): readonly string[];
}

/** Counts mounts, and keeps the references to plugins in step. */
export interface VolumeMounts {
  /** The current mounts of a driver's volumes. */
  of(driver: string): DriverMounts;
  /** Count a mount before it is made: a crash in between leaves a reference too many, never a mount without one. */
  add(mount: VolumeMount): Promise<void>;
  /** Count down; at zero the reference is removed. */
  remove(mount: VolumeMount): Promise<void>;
}

/** Parts of volume mounts. */
export interface VolumeMountsDeps {
  readonly references: Pick<PluginReferences, 'of' | 'add' | 'remove'>;
  /** The ID of a managed plugin; undefined for a legacy one, which has no references. */
  readonly pluginIdOf: (driver: string) => string | undefined;
}

/** The holder in a reference. It is ambiguous: a volume's name may contain slashes, so that it may look like a mount of another volume. */
function holderOf({ volume, id }: VolumeMount): string {
  return `${volume}/${id}`;
}

/** Start with the mounts in the stored references. */
export function createVolumeMounts({ references, pluginIdOf }: VolumeMountsDeps): VolumeMounts {
  /** Mounts since the engine was opened, by driver and holder. */
  const counts = new Map<string, Map<string, number>>();

  function setCount(mount: VolumeMount, count: number): void {
    const ofDriver = counts.get(mount.driver) ?? new Map<string, number>();
    if (count > 0) ofDriver.set(holderOf(mount), count);
    else ofDriver.delete(holderOf(mount));
    if (ofDriver.size > 0) counts.set(mount.driver, ofDriver);
    else counts.delete(mount.driver);
  }

  const countOf = (mount: VolumeMount): number => counts.get(mount.driver)?.get(holderOf(mount)) ?? 0;

  return {
    of(driver) {
      const pluginId = pluginIdOf(driver);
      const held =
        pluginId === undefined ? [] : references.of(pluginId).filter(({ kind }) => kind === 'mount');
      const counted = counts.get(driver)?.keys() ?? [];
      const holders = [...new Set([...held.map(({ holder }) => holder), ...counted])].sort();
      return {
        idsOf(volume) {
          const prefix = `${volume}/`;
          return holders
            .filter((holder) => holder.startsWith(prefix))
            .map((holder) => holder.slice(prefix.length));
        },
      };
    },
    async add(mount) {
      const pluginId = pluginIdOf(mount.driver);
      if (pluginId !== undefined) await references.add(pluginId, { kind: 'mount', holder: holderOf(mount) });
      setCount(mount, countOf(mount) + 1);
    },
    async remove(mount) {
      const left = countOf(mount) - 1;
      setCount(mount, left);
      if (left > 0) return;
      const pluginId = pluginIdOf(mount.driver);
      if (pluginId !== undefined)
        await references.remove(pluginId, { kind: 'mount', holder: holderOf(mount) });
    },
  };
}
