/**
 * The journal of an upgrade's exchange of root filesystems. It says which of the two trees belongs to which
 * manifest, so that a start after a crash can bring tree and record together again.
 *
 * The order is: new tree complete and flushed, journal, exchange, record (the commit), old tree deleted, journal
 * deleted. There is no instant at which `rootfs` is absent.
 */
import { lstat, readFile, rm } from 'node:fs/promises';
import { exchangePaths, removeTree } from '@outboard/container';
import { changeDirectory, type Digest, parseDigest, writeFileDurably } from '@outboard/oci';
import * as z from 'zod';
import type { PluginPaths } from './plugin-layout.ts';

const journalDocument = z.object({
  /** Digest of the manifest that the new tree was unpacked from. */
  manifest: z.string(),
  /** Inode of the new tree's root directory, as a decimal string; it stays the same when the tree is exchanged. */
  inode: z.string(),
});

/** Swap the new tree in. Call only when it is complete and flushed; the record must be saved next. */
export async function exchangeRootfs(paths: PluginPaths, manifest: Digest): Promise<void> {
  const document = { manifest, inode: await inodeOf(paths.upgradeRootfs) };
  await writeFileDurably(paths.upgradeJournal, Buffer.from(JSON.stringify(document)), { mode: 0o600 });
  await changeDirectory(paths.directory, async () => exchangePaths(paths.upgradeRootfs, paths.rootfs));
}

/**
 * Bring tree and record together and delete the tree that is not in use. Ends both an upgrade that went well and
 * one that was cut short; safe to repeat.
 * @param installed the manifest that the plugin's record names
 */
export async function settleUpgrade(paths: PluginPaths, installed: Digest): Promise<void> {
  const journal = await readJournal(paths);
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

async function readJournal(paths: PluginPaths): Promise<{ manifest: Digest; inode: string } | undefined> {
  let text: string;
  try {
    text = await readFile(paths.upgradeJournal, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined; // no upgrade was under way
    throw error;
  }
  const { manifest, inode } = journalDocument.parse(JSON.parse(text));
  return { manifest: parseDigest(manifest), inode };
}

async function inodeOf(path: string): Promise<string> {
  const { ino } = await lstat(path, { bigint: true });
  return ino.toString();
}
