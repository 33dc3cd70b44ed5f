/**
 * Replaces a damaged root filesystem by the tree that its layers make.
 */
import { lstat, rename } from 'node:fs/promises';
import { errorCode, exchangePaths } from '@outboard/container';
import { changeDirectory, isOutboardError } from '@outboard/oci';
import { hasProcess } from '../../supervise/supervisor.ts';
import type { CheckedVersion } from './checked-version.ts';
import type { CheckContext, NewFinding } from './inspection.ts';

/**
 * Exchange the two trees, or put the complete one into the place of one that is gone. That is the commit: a process that is killed leaves one or the other, and the next start deletes
 * what is left. The version that is installed must be disabled; the one before is used by nothing.
 * @param complete path of a complete and flushed tree, which is the damaged one afterwards
 * @returns whether it was done, and otherwise what to do
 */
export async function replaceTree(
  { store, queue, supervisor }: Pick<CheckContext, 'store' | 'queue' | 'supervisor'>,
  version: CheckedVersion,
  complete: string,
): Promise<Pick<NewFinding, 'isRepaired' | 'remedy'>> {
  const { id, name } = version.plugin;
  return await queue.run(id, async () => {
    const record = store.get(id);
    const installed = version.isPrevious ? record?.previous : record;
    if (record === undefined || installed?.manifestDigest !== version.manifestDigest)
      return notDone('it was changed meanwhile: check again: outboard fsck', name);
    if (!version.isPrevious && (record.enabled || hasProcess(supervisor.state(id))))
      return notDone(`it is enabled: outboard disable ${name}, then outboard fsck --repair`, name);
    const paths = store.paths(id);
    if (await exists(paths.upgradeJournal))
      return notDone('an upgrade was interrupted: restart the daemon, then outboard fsck --repair', name);
    try {
      await changeDirectory(paths.directory, async () =>
        (await exists(version.rootfs))
          ? exchangePaths(complete, version.rootfs)
          : await rename(complete, version.rootfs),
      );
      return { isRepaired: true };
    } catch (error) {
      if (!isOutboardError(error)) throw error;
      return { isRepaired: false, remedy: error.message };
    }
  });
}

function notDone(reason: string, name: string): Pick<NewFinding, 'isRepaired' | 'remedy'> {
  return { isRepaired: false, remedy: `${reason} ${name}` };
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    (error: unknown) => errorCode(error) !== 'ENOENT',
  );
}
