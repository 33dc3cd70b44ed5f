/**
 * The references of volumes and their mounts to their plugin.
 */
import { escapeHidden } from '@outboard/oci';
import { type HeldVolume, holderIds } from '../mounts/held-volume.ts';
import type { PluginReference } from '../references/plugin-references.ts';
import type { VolumeContext } from './volume-context.ts';
import { showMountId } from './volume-name.ts';

type ReferenceContext = Pick<VolumeContext, 'store' | 'beingCreated' | 'mounts' | 'unlisted' | 'clock'>;

/** The references of all volumes and mounts of a driver. @param driver its full name */
export function volumeReferences(context: ReferenceContext, driver: string): readonly PluginReference[] {
  const { store, beingCreated, mounts, unlisted, clock } = context;
  const inCreation = [...beingCreated.values()].filter((record) => record.driver === driver);
  const records = new Map([...store.ofDriver(driver), ...inCreation].map((record) => [record.name, record]));
  const isLost = (name: string) => unlisted.get(driver)?.has(name) === true;
  const volumes = [...records.values()].map(({ name, createdAt }): PluginReference => {
    const note = isLost(name) ? { note: 'its driver no longer lists it' } : {};
    return { kind: 'volume', holder: name, since: createdAt, ...note };
  });
  return [...volumes, ...mounts.held(driver).flatMap((held) => mountReferences(held, clock.now()))];
}

/** The references of the holders of a volume. @param now the time of a mount that is under way */
export function mountReferences(held: HeldVolume, now: Date): readonly PluginReference[] {
  return holderIds(held).map((id) => {
    const { since = now, consumer } = held.holders.find((holder) => holder.id === id) ?? {};
    const holder = `${held.volume}/${showMountId(id)}`;
    const known = { kind: 'mount', holder, since, ...(consumer === undefined ? {} : { consumer }) } as const;
    return held.failure === '' ? known : { ...known, note: `not mounted: ${escapeHidden(held.failure)}` };
  });
}
