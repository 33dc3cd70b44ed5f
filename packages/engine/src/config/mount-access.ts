/**
 * Compares what two mounts let a plugin do with one source. An operator who named a path for a read-only mount has not
 * agreed to one that writes to it.
 */
import { mountKind } from './mount-rules.ts';
import type { PluginMount } from './plugin-config.ts';

/** Flags that take something away, by the option that takes them back. */
const restrictions: readonly (readonly [flag: string, opposite: string, lost: string])[] = [
  ['ro', 'rw', 'it was read-only'],
  ['nosuid', 'suid', 'it did not honour set-user-ID bits'],
  ['nodev', 'dev', 'it did not honour device files'],
  ['noexec', 'exec', 'its files could not be executed'],
];

/**
 * Why a mount gives more than another one of the same source.
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

/** As for mount(8) and runc, the last of the two options counts. */
function isInForce({ options }: PluginMount, flag: string, opposite: string): boolean {
  return (options ?? []).findLast((option) => option === flag || option === opposite) === flag;
}

/** Without an option a bind is mounted as "rbind". */
function isRecursive({ options }: PluginMount): boolean {
  return (options ?? []).findLast((option) => option === 'bind' || option === 'rbind') !== 'bind';
}

const reach = { private: 0, slave: 1, shared: 2 } as const;

/** How far mounts travel. The options without "r" mean those below the source too, as plugins are mounted. */
function propagation({ options }: PluginMount): number {
  const option = (options ?? []).findLast((given) => /^r?(?:private|slave|shared)$/.test(given)) ?? 'slave';
  return reach[option.replace(/^r(?=private|slave|shared)/, '') as keyof typeof reach]; // of that form
}
