/**
 * A volume that is or was mounted since the boot: who holds it, and which calls its driver has seen. Pure; the document is
 * the content of a file of the journal.
 */
import { codec, type Given, type ValueOf } from '@outboard/oci';
import { type Consumer, consumerCodec } from '../references/consumer.ts';

const { exact, field, fieldUnlessEmpty, listOrEmpty, object, optionalField, required, requiredText, text } =
  codec;

const count = field('Count', codec.wholeNumber(1, Number.MAX_SAFE_INTEGER));

/** A holder of a volume, identified by its ID alone, as in the protocol. */
const holderCodec = object({
  /** ID that the holder gave, of any form. */
  id: field('ID', requiredText),
  /** Mounts less unmounts of this ID. */
  count,
  /** Its first mount. */
  since: field('Since', codec.instant),
  /** The last one that mounted with this ID. */
  consumer: optionalField('Consumer', consumerCodec),
});

/** The table of a held volume. */
export const heldVolumeCodec = exact(
  object({
    version: codec.constantField('Version', 1),
    /** Boot in which it was written: after a reboot nothing is mounted. */
    bootId: field('BootID', codec.nonEmptyText),
    /** Full name. */
    driver: field('Driver', requiredText),
    volume: field('Volume', requiredText),
    holders: field('Holders', required(listOrEmpty(exact(holderCodec)))),
    /** Successful `Mount` calls to the driver that no `Unmount` has undone, by ID. */
    calls: field('Calls', required(listOrEmpty(exact(object({ id: field('ID', requiredText), count }))))),
    /** A call that was about to be made when this was written: its result is unknown. */
    pending: optionalField(
      'Pending',
      exact(
        object({ method: field('Method', codec.oneOf('Mount', 'Unmount')), id: field('ID', requiredText) }),
      ),
    ),
    /** The driver's last answer, in its own mount namespace; '' before the first one. */
    mountpoint: fieldUnlessEmpty('Mountpoint', text),
    /** Path on the host that was last given out. */
    hostPath: fieldUnlessEmpty('HostPath', text),
    /** Type of the file system that the driver mounted there, such as `ext4`; '' for a directory of the plugin. */
    fileSystem: fieldUnlessEmpty('FileSystem', text),
    /** Its device, such as `7:1`; '' for a directory of the plugin. */
    device: fieldUnlessEmpty('Device', text),
    /** Process of the plugin that mounted it; 0 when unknown. A later process may not know of the mount. */
    pid: fieldUnlessEmpty('Pid', codec.wholeNumber(0, 0x7fff_ffff)),
    /** Reason why it is not mounted, although it is held; '' while it is. */
    failure: fieldUnlessEmpty('Failure', text),
  }),
);

/** One volume of one driver, with its holders. */
export type HeldVolume = Given<ValueOf<typeof heldVolumeCodec>>;

/** One holder of a volume. */
export type MountHolder = HeldVolume['holders'][number];

/** `Mount` calls of one ID. */
type MountCalls = HeldVolume['calls'][number];

/** A mount as it was last seen. */
export type MountFacts = Pick<
  HeldVolume,
  'mountpoint' | 'hostPath' | 'fileSystem' | 'device' | 'pid' | 'failure'
>;

const unknownMount: MountFacts = {
  mountpoint: '',
  hostPath: '',
  fileSystem: '',
  device: '',
  pid: 0,
  failure: '',
};

/** A volume before its first mount in a boot. */
export function newHeldVolume(volume: Pick<HeldVolume, 'bootId' | 'driver' | 'volume'>): HeldVolume {
  return { ...volume, holders: [], calls: [], ...unknownMount };
}

/** A mount to count. */
export type NewHolder = Pick<MountHolder, 'id' | 'since'> & { readonly consumer?: Consumer | undefined };

/** Count one mount of a holder. A repeated one by hand is not counted: units and scripts repeat it after a crash. */
export function withHolder(held: HeldVolume, added: NewHolder): HeldVolume {
  const { id, since, consumer } = added;
  const before = held.holders.find((holder) => holder.id === id);
  const holder: MountHolder = {
    id,
    count: (before?.count ?? 0) + (isRepeatedByHand(held, added) ? 0 : 1),
    since: before?.since ?? since,
    ...present(consumer ?? before?.consumer),
  };
  if (before === undefined) return { ...held, holders: [...held.holders, holder] };
  return { ...held, holders: held.holders.map((other) => (other === before ? holder : other)) };
}

/** True for a mount by hand of a holder by hand, who holds the volume already. */
export function isRepeatedByHand(
  { holders }: Pick<HeldVolume, 'holders'>,
  { id, consumer }: Pick<NewHolder, 'id' | 'consumer'>,
): boolean {
  const isHolding = holders.some((holder) => holder.id === id && holder.consumer?.isByHand === true);
  return isHolding && consumer?.isByHand === true;
}

/** Count one unmount of a holder; an unknown one changes nothing. */
export function withoutHolder(held: HeldVolume, id: string): HeldVolume {
  return { ...held, holders: countedDown(held.holders, id) };
}

/** Count one successful `Mount` call. */
export function withCall(held: HeldVolume, id: string): HeldVolume {
  const before = held.calls.find((call) => call.id === id);
  const call: MountCalls = { id, count: (before?.count ?? 0) + 1 };
  if (before === undefined) return { ...held, calls: [...held.calls, call] };
  return { ...held, calls: held.calls.map((other) => (other === before ? call : other)) };
}

/** Count one successful `Unmount` call. */
export function withoutCall(held: HeldVolume, id: string): HeldVolume {
  return { ...held, calls: countedDown(held.calls, id) };
}

/** The mount as it is known, to note it with other counts. */
export function factsOf(facts: MountFacts): MountFacts {
  const { mountpoint, hostPath, fileSystem, device, pid, failure } = facts;
  return { mountpoint, hostPath, fileSystem, device, pid, failure };
}

/** A mount that was just seen. */
export function seen(mount: Pick<MountFacts, Exclude<keyof MountFacts, 'failure'>>): MountFacts {
  return factsOf({ ...mount, failure: '' });
}

/** Without a call whose result is unknown. */
export function settled({ pending: _, ...held }: HeldVolume): HeldVolume {
  return held;
}

/** True if somebody holds the volume, or may be about to. */
export function isHeld({ holders, pending }: HeldVolume): boolean {
  return holders.length > 0 || pending !== undefined;
}

/** IDs of the holders, and of one whose call is under way, sorted. */
export function holderIds({ holders, pending }: HeldVolume): readonly string[] {
  const ids = holders.map(({ id }) => id);
  return [...new Set(pending === undefined ? ids : [...ids, pending.id])].sort();
}

function countedDown<Counted extends { readonly id: string; readonly count: number }>(
  all: readonly Counted[],
  id: string,
): readonly Counted[] {
  return all.flatMap((one) => {
    if (one.id !== id) return [one];
    return one.count === 1 ? [] : [{ ...one, count: one.count - 1 }];
  });
}

function present(consumer: Consumer | undefined): Pick<MountHolder, 'consumer'> {
  return consumer === undefined ? {} : { consumer };
}
