/**
 * Who has which volume mounted. Each ID of a mount holds the volume's plugin; mounts of the same ID are counted, as
 * its driver counts them.
 */
import type { PluginReferences } from '../references/plugin-references.ts';

/** A mount: of a volume, by somebody. */
export interface VolumeMount {
  /** Full name of the driver. */
  readonly driver: string;
  readonly volume: string;
  /** Who mounts. */
  readonly id: string;
}

/** The mounts of one driver's volumes at one moment. */
export interface DriverMounts {
  /** IDs of those who have a volume mounted, in order. */
  idsOf(volume: string): readonly string[];
}

export interface VolumeMounts {
  /** Who mounts which volumes of a driver now. */
  of(driver: string): DriverMounts;
  /** Count a mount, before it is made: a crash then leaves a plugin that is held, not one that is pulled away. */
  hold(mount: VolumeMount): Promise<void>;
  /** Count it out; at zero the plugin is let go. */
  release(mount: VolumeMount): Promise<void>;
}

export interface VolumeMountsOptions {
  readonly references: Pick<PluginReferences, 'of' | 'add' | 'remove'>;
  /** The ID of a managed plugin; undefined for a legacy one, of which nothing can be held. */
  readonly pluginIdOf: (driver: string) => string | undefined;
}

/** How a use names a mount. A volume's name may hold slashes, too, and then seem to be a mount of another one. */
function holderOf({ volume, id }: VolumeMount): string {
  return `${volume}/${id}`;
}

export function createVolumeMounts({ references, pluginIdOf }: VolumeMountsOptions): VolumeMounts {
  /** How often each is mounted since the engine was opened; by driver, then holder. */
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
    async hold(mount) {
      const pluginId = pluginIdOf(mount.driver);
      if (pluginId !== undefined) await references.add(pluginId, { kind: 'mount', holder: holderOf(mount) });
      setCount(mount, countOf(mount) + 1);
    },
    async release(mount) {
      const left = countOf(mount) - 1;
      setCount(mount, left);
      if (left > 0) return;
      const pluginId = pluginIdOf(mount.driver);
      if (pluginId !== undefined)
        await references.remove(pluginId, { kind: 'mount', holder: holderOf(mount) });
    },
  };
}
