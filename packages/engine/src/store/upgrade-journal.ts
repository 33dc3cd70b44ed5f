/**
 * The journal of an upgrade or a roll-back, which exchanges two root filesystems. It names the manifest of the new tree, so
 * that a start after a crash can make tree and record match again.
 *
 * The order is: new tree complete and flushed, journal, exchange, record (the commit), old tree kept or deleted, journal
 * deleted. `rootfs` exists at every instant. A plugin that is enabled is started with the new tree before the commit.
 */
import { lstat, rename, rm } from 'node:fs/promises';
import { exchangePaths, removeTree } from '@outboard/container';
import { changeDirectory, codec, type Digest, JsonFile } from '@outboard/oci';
import type { PluginRecord } from '../config/plugin-config.ts';
import type { PluginPaths } from './plugin-layout.ts';

/**
 * The fate of the old tree after the commit: `keep` makes it the tree of the version before, `replace` deletes it, `swap`
 * exchanges it with that of the version before, which is the new one.
 */
const exchangeModes = ['replace', 'keep', 'swap'] as const;

/** The kind of an exchange. */
export type ExchangeMode = (typeof exchangeModes)[number];

const journalFile = new JsonFile({
  subject: 'upgrade journal',
  codec: codec.object({
    /** Digest of the manifest that the new tree was unpacked from. */
    manifest: codec.field('manifest', codec.digest),
    /** Inode of the new tree's root directory, as a decimal string; the exchange does not change it. */
    inode: codec.field('inode', codec.requiredText),
    /** Absent in journals of earlier versions, which replaced trees. */
    mode: codec.optionalField('mode', codec.oneOf(...exchangeModes)),
  }),
  endsWithNewline: false,
});

/** The facts of a record that decide about trees. */
type Installed = Pick<PluginRecord, 'manifestDigest' | 'previous'>;

/** Exchange the trees. The new one must be complete and flushed; the record must be saved next. */
export async function exchangeRootfs(
  paths: PluginPaths,
  manifest: Digest,
  mode: ExchangeMode = 'replace',
): Promise<void> {
  const inode = await inodeOf(otherTree(paths, mode));
  await journalFile.write(paths.upgradeJournal, { manifest, inode, mode });
  await exchange(paths, mode);
}

/**
 * Make the tree match a record that is saved, or that is being tried. Deletes nothing; safe to repeat.
 */
export async function matchTree(
  paths: PluginPaths,
  { manifestDigest }: Pick<Installed, 'manifestDigest'>,
): Promise<void> {
  const journal = await journalFile.read(paths.upgradeJournal);
  if (journal === undefined) return;
  const treeIsNew = (await inodeOf(paths.rootfs)) === journal.inode;
  const recordIsNew = manifestDigest === journal.manifest;
  if (treeIsNew !== recordIsNew) await exchange(paths, journal.mode);
}

/**
 * Make the tree match the record, and keep or delete the other trees. Ends an upgrade that succeeded as well as one that was
 * interrupted; safe to repeat. The plugin must not run with another version.
 * @param installed the plugin's record as it is saved
 */
export async function settleUpgrade(paths: PluginPaths, installed: Installed): Promise<void> {
  await matchTree(paths, installed);
  const journal = await journalFile.read(paths.upgradeJournal);
  const isCommitted = journal !== undefined && journal.manifest === installed.manifestDigest;
  if (isCommitted && journal.mode === 'keep' && (await exists(paths.upgradeRootfs))) {
    await removeTree(paths.previousRootfs);
    await changeDirectory(paths.directory, () => rename(paths.upgradeRootfs, paths.previousRootfs));
  }
  await removeTree(paths.upgradeRootfs);
  if (installed.previous === undefined) await removeTree(paths.previousRootfs);
  if (journal !== undefined) {
    await changeDirectory(paths.directory, () => rm(paths.upgradeJournal, { force: true }));
  }
}

async function exchange(paths: PluginPaths, mode: ExchangeMode | undefined): Promise<void> {
  await changeDirectory(paths.directory, async () => exchangePaths(otherTree(paths, mode), paths.rootfs));
}

function otherTree(paths: PluginPaths, mode: ExchangeMode | undefined): string {
  return mode === 'swap' ? paths.previousRootfs : paths.upgradeRootfs;
}

async function inodeOf(path: string): Promise<string> {
  const { ino } = await lstat(path, { bigint: true });
  return ino.toString();
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
      throw error;
    },
  );
}
