/**
 * The uses of a plugin that end when another version takes its place, although it stays enabled: calls wait, and mounts of
 * the kernel stay; a file system that the plugin's process serves, and a stream of log entries, do not.
 */
import { OutboardError } from '@outboard/oci';
import type { PluginRecord } from '../../config/plugin-config.ts';
import type { HeldVolume } from '../../mounts/held-volume.ts';
import type { PluginReference } from '../../references/plugin-references.ts';
import { partsOfMount, showReference } from '../../references/show-reference.ts';
import type { PluginPaths } from '../../store/plugin-layout.ts';
import type { EngineContext } from '../engine-context.ts';

/** Parts that finding them takes. */
export type InterruptedUsesContext = Pick<EngineContext, 'references' | 'mounts' | 'store'>;

/** Bound on the uses that an error names. */
const maxNamed = 5;

/** @returns one sentence for each use that ends */
export function findInterruptedUses(
  { references, mounts, store }: InterruptedUsesContext,
  { id, name }: Pick<PluginRecord, 'id' | 'name'>,
): readonly string[] {
  const held = mounts.held(name);
  const paths = store.paths(id);
  return references.of(id).flatMap((reference) => {
    const cause = causeOf(reference, held, paths);
    return cause === undefined ? [] : [`${showReference(reference)}: ${cause}`];
  });
}

/** @throws {OutboardError} conflict, code `in-use`, when there are interrupted uses */
export function refuseInterrupted({ name }: Pick<PluginRecord, 'name'>, uses: readonly string[]): void {
  if (uses.length === 0) return;
  const more = uses.length > maxNamed ? ` and ${uses.length - maxNamed} more` : '';
  throw new OutboardError(
    'conflict',
    `plugin ${name} is in use in a way that its replacement ends: ${uses.slice(0, maxNamed).join('; ')}${more}; end these uses first, or use force`,
    { code: 'in-use' },
  );
}

function causeOf(
  reference: PluginReference,
  held: readonly HeldVolume[],
  { rootfs }: Pick<PluginPaths, 'rootfs'>,
): string | undefined {
  if (reference.kind === 'log') return 'its stream of log entries ends';
  if (reference.kind === 'stream') return 'its connection to the plugin ends';
  if (reference.kind !== 'mount') return undefined;
  const { volume } = partsOfMount(reference);
  const mount = held.find((candidate) => candidate.volume === volume);
  if (mount === undefined) return 'it is not known whether its file system survives';
  if (mount.fileSystem.startsWith('fuse'))
    return `its file system ${mount.fileSystem} is served by the plugin`;
  if (mount.hostPath.startsWith(`${rootfs}/`)) return 'its data is in the root filesystem of the plugin';
  return undefined;
}
