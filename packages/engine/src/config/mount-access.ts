/**
 * Compares the access that two mounts give to one source. An operator who set a path for a read-only mount has not
 * consented to writing to it.
 */
import { mountKind } from './mount-rules.ts';
import type { PluginMount } from './plugin-config.ts';

/** Options that restrict access, with their opposites. */
const restrictions: readonly (readonly [flag: string, opposite: string, lost: string])[] = [
  ['ro', 'rw', 'it was read-only'],
  ['nosuid', 'suid', 'it did not honour set-user-ID bits'],
  ['nodev', 'dev', 'it did not honour device files'],
  ['noexec', 'exec', 'its files could not be executed'],
];

/**
 * Find the reason why a mount gives more access than another one to the same source.
 * @returns undefined when it gives the same or less
 */
export function findWidening(before: PluginMount, after: PluginMount): string | undefined {
  const kind = mountKind(before);
  if (kind !== mountKind(after)) return 'it was a mount of another type';
  if (kind === 'tmpfs') return undefined;
  const lost = restrictions.find(([flag, opposite]) => {
    return isInForce(before, flag, opposite) && !isInForce(after, flag, opposite);
  });
  if (lost !== undefined) return lost[2];
  if (isRecursive(after) && !isRecursive(before)) return 'it left out file systems that are mounted below';
  return propagation(after) > propagation(before) ? 'what is mounted below it travelled less far' : undefined;
}

/** The last of the two options counts, as for mount(8) and runc. */
function isInForce({ options }: PluginMount, flag: string, opposite: string): boolean {
  return (options ?? []).findLast((option) => option === flag || option === opposite) === flag;
}

/** Without an option a bind is mounted as "rbind". */
function isRecursive({ options }: PluginMount): boolean {
  return (options ?? []).findLast((option) => option === 'bind' || option === 'rbind') !== 'bind';
}

const reach = { private: 0, slave: 1, shared: 2 } as const;

/** Rank of the mount propagation. Options without "r" include the mounts below the source, because plugins get rbind. */
function propagation({ options }: PluginMount): number {
  const option = (options ?? []).findLast((given) => /^r?(?:private|slave|shared)$/.test(given)) ?? 'slave';
  return reach[option.replace(/^r(?=private|slave|shared)/, '') as keyof typeof reach]; // of that form
}
