/**
 * The references of volumes and their mounts to their plugin.
 */
import { escapeHidden } from '@outboard/oci';
import { type HeldVolume, holderIds } from '../mounts/held-volume.ts';
import { isGone } from '../references/consumer.ts';
import type { PluginReference } from '../references/plugin-references.ts';
import type { VolumeContext } from './volume-context.ts';
import { showMountId } from './volume-name.ts';

type ReferenceContext = Pick<
  VolumeContext,
  'store' | 'beingCreated' | 'mounts' | 'uses' | 'unlisted' | 'clock'
>;

/** The references of all volumes and mounts of a driver. @param driver its full name */
export function volumeReferences(context: ReferenceContext, driver: string): readonly PluginReference[] {
  const { store, beingCreated, mounts, uses, unlisted, clock } = context;
  const inCreation = [...beingCreated.values()].filter((record) => record.driver === driver);
  const records = new Map([...store.ofDriver(driver), ...inCreation].map((record) => [record.name, record]));
  const isLost = (name: string) => unlisted.get(driver)?.has(name) === true;
  const volumes = [...records.values()].map(({ name, createdAt }): PluginReference => {
    const note = isLost(name) ? { note: 'its driver no longer lists it' } : {};
    return { kind: 'volume', holder: name, since: createdAt, ...note };
  });
  const now = clock.now();
  return [
    ...volumes,
    ...mounts.held(driver).flatMap((held) => mountReferences(held, now, uses.noteOf(held))),
  ];
}

/**
 * The references of the holders of a volume.
 * @param now the time of a mount that is under way
 * @param note remark on the holders whose process is gone
 */
export function mountReferences(
  held: HeldVolume,
  now: Date,
  note?: string | undefined,
): readonly PluginReference[] {
  return holderIds(held).map((id) => {
    const { since = now, consumer } = held.holders.find((holder) => holder.id === id) ?? {};
    const holder = `${held.volume}/${showMountId(id)}`;
    const isLeft = consumer !== undefined && !consumer.isByHand && isGone(consumer);
    const notes = [
      ...(held.failure === '' ? [] : [`not mounted: ${escapeHidden(held.failure)}`]),
      ...(note !== undefined && isLeft ? [note] : []),
    ];
    return {
      kind: 'mount',
      holder,
      since,
      ...(consumer === undefined ? {} : { consumer }),
      ...(notes.length === 0 ? {} : { note: notes.join(', ') }),
    };
  });
}
