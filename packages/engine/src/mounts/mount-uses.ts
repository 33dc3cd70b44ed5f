/**
 * Users of the mounts of held volumes, as the kernel knows them. The process that asked for a mount may be gone while a
 * container that it started goes on: Podman's command line ends right after the mount.
 */
import type { MountUser } from '@outboard/container';
import { isGone } from '../references/consumer.ts';
import type { HeldVolume } from './held-volume.ts';

/** Looks for the users of a held volume. Rejects when it cannot be known. */
export type FindUsers = (held: HeldVolume) => Promise<readonly MountUser[]>;

/** Findings about held volumes. */
export interface MountUses {
  /** Look again at the volumes that have a holder whose process is gone. Never rejects. */
  look(volumes: readonly HeldVolume[]): Promise<void>;
  /** True when nothing uses a volume now; false also when it cannot be known. */
  isUnused(held: HeldVolume): Promise<boolean>;
  /** Remark on the holders whose process is gone, such as `nothing uses it`; undefined when it is unknown. */
  noteOf(held: HeldVolume): string | undefined;
}

/** The remark on a volume that nothing uses. */
const nothingUsesIt = 'nothing uses it';
/** Bound on the users that a remark names. */
const maxNamed = 3;

/** Start without any finding. */
export function createMountUses(findUsers: FindUsers): MountUses {
  const findings = new Map<string, readonly MountUser[]>();

  async function find(held: HeldVolume): Promise<readonly MountUser[] | undefined> {
    try {
      const users = await findUsers(held);
      findings.set(keyOf(held), users);
      return users;
    } catch {
      // Not known: nothing is said about it, and nothing is released.
      findings.delete(keyOf(held));
      return undefined;
    }
  }

  return {
    async look(volumes) {
      // One after another: a look starts programs.
      for (const held of volumes.filter(hasGoneHolder)) await find(held);
    },
    async isUnused(held) {
      return (await find(held))?.length === 0;
    },
    noteOf(held) {
      const users = findings.get(keyOf(held));
      return users === undefined ? undefined : describeUsers(users);
    },
  };
}

function hasGoneHolder({ holders }: HeldVolume): boolean {
  return holders.some(({ consumer }) => consumer !== undefined && !consumer.isByHand && isGone(consumer));
}

function describeUsers(users: readonly MountUser[]): string {
  if (users.length === 0) return nothingUsesIt;
  const texts = [...new Set(users.map(describeUser))];
  const more = texts.length - maxNamed;
  const named = texts.slice(0, maxNamed).join(' and ');
  return `used by ${named}${more > 0 ? ` and ${more} more` : ''}`;
}

function describeUser(user: MountUser): string {
  if (user.kind === 'bind') return `a mount at ${Buffer.from(user.mountPoint, 'latin1').toString('utf8')}`;
  const { container, unit, program, pid } = user.process;
  if (container !== undefined) return `container ${container.slice(0, 12)}`;
  return unit === undefined ? `${program} with pid ${pid}` : `${program} of unit ${unit}`;
}

function keyOf({ driver, volume }: Pick<HeldVolume, 'driver' | 'volume'>): string {
  return JSON.stringify([driver, volume]);
}
