import assert from 'node:assert/strict';
import { access, lstat, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { exchangePaths } from '@outboard/container';
import { digestOf } from '@outboard/oci';
import { type PluginPaths, pluginPaths } from './plugin-layout.ts';
import { exchangeRootfs, settleUpgrade } from './upgrade-journal.ts';

const oldManifest = digestOf(Buffer.from('old'));
const newManifest = digestOf(Buffer.from('new'));

/** A plugin directory in which a new tree was unpacked beside the installed one. */
async function withBothTrees(work: (paths: PluginPaths) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'outboard-upgrade-'));
  try {
    const paths = pluginPaths(folder);
    await makeTree(paths.rootfs, 'old');
    await makeTree(paths.upgradeRootfs, 'new');
    await work(paths);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function makeTree(path: string, version: string): Promise<void> {
  await mkdir(path);
  await writeFile(join(path, 'version'), version);
}

async function assertSettled(paths: PluginPaths, version: string): Promise<void> {
  assert.equal(await readFile(join(paths.rootfs, 'version'), 'utf8'), version);
  await assert.rejects(access(paths.upgradeRootfs), 'the other tree is gone');
  await assert.rejects(access(paths.upgradeJournal), 'the journal is gone');
}

test('V2 killed before the journal was written, the old version stays', () =>
  withBothTrees(async (paths) => {
    await settleUpgrade(paths, oldManifest);
    await assertSettled(paths, 'old');
  }));

test('V2 killed between journal and exchange, the old version stays', () =>
  withBothTrees(async (paths) => {
    await exchangeRootfs(paths, newManifest);
    exchangePaths(paths.rootfs, paths.upgradeRootfs); // as it was before the exchange
    await settleUpgrade(paths, oldManifest);
    await assertSettled(paths, 'old');
  }));

test('V2 killed between exchange and record, the old tree is restored', () =>
  withBothTrees(async (paths) => {
    await exchangeRootfs(paths, newManifest);
    await settleUpgrade(paths, oldManifest);
    await assertSettled(paths, 'old');
  }));

test('V2 killed after the record was saved, the new version stays', () =>
  withBothTrees(async (paths) => {
    await exchangeRootfs(paths, newManifest);
    await settleUpgrade(paths, newManifest);
    await assertSettled(paths, 'new');
  }));

test('V8 settleUpgrade() can be repeated', () =>
  withBothTrees(async (paths) => {
    await exchangeRootfs(paths, newManifest);
    await settleUpgrade(paths, newManifest);
    await settleUpgrade(paths, newManifest);
    await assertSettled(paths, 'new');
  }));

test('the journal names the manifest and the inode of the new tree', () =>
  withBothTrees(async (paths) => {
    await exchangeRootfs(paths, newManifest);
    const { ino } = await lstat(paths.rootfs, { bigint: true });
    const journal = await readFile(paths.upgradeJournal, 'utf8');
    assert.equal(journal, `{"manifest":"${newManifest}","inode":"${ino}"}`);
  }));
