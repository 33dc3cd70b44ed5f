/**
 * The journal of an upgrade, which exchanges two root filesystems. It names the manifest of the new tree, so that a start
 * after a crash can make tree and record match again.
 *
 * The order is: new tree complete and flushed, journal, exchange, record (the commit), old tree deleted, journal
 * deleted. `rootfs` exists at every instant.
 */
import { lstat, rm } from 'node:fs/promises';
import { exchangePaths, removeTree } from '@outboard/container';
import { changeDirectory, codec, type Digest, JsonFile } from '@outboard/oci';
import type { PluginPaths } from './plugin-layout.ts';

const journalFile = new JsonFile({
  subject: 'upgrade journal',
  codec: codec.object({
    /** Digest of the manifest that the new tree was unpacked from. */
    manifest: codec.field('manifest', codec.digest),
    /** Inode of the new tree's root directory, as a decimal string; the exchange does not change it. */
    inode: codec.field('inode', codec.requiredText),
  }),
  endsWithNewline: false,
});

/** Exchange the trees. The new one must be complete and flushed; the record must be saved next. */
export async function exchangeRootfs(paths: PluginPaths, manifest: Digest): Promise<void> {
  const inode = await inodeOf(paths.upgradeRootfs);
  await journalFile.write(paths.upgradeJournal, { manifest, inode });
  await changeDirectory(paths.directory, async () => exchangePaths(paths.upgradeRootfs, paths.rootfs));
}

/**
 * Make the tree match the record, and delete the other tree. Ends an upgrade that succeeded as well as one that was
 * interrupted; safe to repeat.
 * @param installed digest of the manifest in the plugin's record
 */
export async function settleUpgrade(paths: PluginPaths, installed: Digest): Promise<void> {
  const journal = await journalFile.read(paths.upgradeJournal);
  if (journal !== undefined) {
    const treeIsNew = (await inodeOf(paths.rootfs)) === journal.inode;
    const recordIsNew = installed === journal.manifest;
    if (treeIsNew !== recordIsNew) {
      await changeDirectory(paths.directory, async () => exchangePaths(paths.upgradeRootfs, paths.rootfs));
    }
  }
  await removeTree(paths.upgradeRootfs);
  if (journal !== undefined) {
    await changeDirectory(paths.directory, () => rm(paths.upgradeJournal, { force: true }));
  }
}

async function inodeOf(path: string): Promise<string> {
  const { ino } = await lstat(path, { bigint: true });
  return ino.toString();
}
