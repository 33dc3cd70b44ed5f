import assert from 'node:assert/strict';
import { access, lstat, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { exchangePaths } from '@outboard/container';
import { digestOf } from '@outboard/oci';
import type { PluginRecord } from '../config/plugin-config.ts';
import { type PluginPaths, pluginPaths } from './plugin-layout.ts';
import { exchangeRootfs, matchTree, settleUpgrade } from './upgrade-journal.ts';

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
    await settleUpgrade(paths, { manifestDigest: oldManifest });
    await assertSettled(paths, 'old');
  }));

test('V2 killed between journal and exchange, the old version stays', () =>
  withBothTrees(async (paths) => {
    await exchangeRootfs(paths, newManifest);
    exchangePaths(paths.rootfs, paths.upgradeRootfs); // as it was before the exchange
    await settleUpgrade(paths, { manifestDigest: oldManifest });
    await assertSettled(paths, 'old');
  }));

test('V2 killed between exchange and record, the old tree is restored', () =>
  withBothTrees(async (paths) => {
    await exchangeRootfs(paths, newManifest);
    await settleUpgrade(paths, { manifestDigest: oldManifest });
    await assertSettled(paths, 'old');
  }));

test('V2 killed after the record was saved, the new version stays', () =>
  withBothTrees(async (paths) => {
    await exchangeRootfs(paths, newManifest);
    await settleUpgrade(paths, { manifestDigest: newManifest });
    await assertSettled(paths, 'new');
  }));

test('V8 settleUpgrade() can be repeated', () =>
  withBothTrees(async (paths) => {
    await exchangeRootfs(paths, newManifest);
    await settleUpgrade(paths, { manifestDigest: newManifest });
    await settleUpgrade(paths, { manifestDigest: newManifest });
    await assertSettled(paths, 'new');
  }));

test('the journal names the manifest and the inode of the new tree', () =>
  withBothTrees(async (paths) => {
    await exchangeRootfs(paths, newManifest);
    const { ino } = await lstat(paths.rootfs, { bigint: true });
    const journal = await readFile(paths.upgradeJournal, 'utf8');
    assert.equal(journal, `{"manifest":"${newManifest}","inode":"${ino}","mode":"replace"}`);
  }));

const previous = { manifestDigest: oldManifest } as PluginRecord['previous'];
const upgraded = { manifestDigest: newManifest, previous };

async function versionIn(tree: string): Promise<string> {
  return await readFile(join(tree, 'version'), 'utf8').catch(() => 'absent');
}

/** Assert the versions of the installed tree and of the one before. */
async function assertTrees(paths: PluginPaths, installed: string, before: string): Promise<void> {
  await assertSettled(paths, installed);
  assert.equal(await versionIn(paths.previousRootfs), before);
}

test('an upgrade that keeps the old tree replaces the one from before it, at the commit and not earlier', () =>
  withBothTrees(async (paths) => {
    await makeTree(paths.previousRootfs, 'oldest');
    await exchangeRootfs(paths, newManifest, 'keep');
    await matchTree(paths, upgraded);
    assert.equal(await versionIn(paths.previousRootfs), 'oldest');
    await settleUpgrade(paths, upgraded);
    await assertTrees(paths, 'new', 'old');
  }));

test('V2 killed before the record was saved, the old version and the one before it stay', () =>
  withBothTrees(async (paths) => {
    await makeTree(paths.previousRootfs, 'oldest');
    await exchangeRootfs(paths, newManifest, 'keep');
    await settleUpgrade(paths, { manifestDigest: oldManifest, previous });
    await assertTrees(paths, 'old', 'oldest');
  }));

test('V8 killed anywhere while the old tree is being kept, it is kept', () =>
  withBothTrees(async (paths) => {
    await exchangeRootfs(paths, newManifest, 'keep');
    // The rename was the last step before the kill.
    await rename(paths.upgradeRootfs, paths.previousRootfs);
    await settleUpgrade(paths, upgraded);
    await settleUpgrade(paths, upgraded);
    await assertTrees(paths, 'new', 'old');
  }));

test('a roll-back swaps the two trees, and V2 killed before its commit swaps them back', () =>
  withBothTrees(async (paths) => {
    await rename(paths.upgradeRootfs, paths.previousRootfs);
    await exchangeRootfs(paths, newManifest, 'swap');
    await settleUpgrade(paths, { manifestDigest: oldManifest, previous });
    await assertTrees(paths, 'old', 'new');
    await exchangeRootfs(paths, newManifest, 'swap');
    await settleUpgrade(paths, upgraded);
    await assertTrees(paths, 'new', 'old');
  }));

test('a tree that no record names any more is deleted', () =>
  withBothTrees(async (paths) => {
    await makeTree(paths.previousRootfs, 'oldest');
    await settleUpgrade(paths, { manifestDigest: oldManifest });
    await assertTrees(paths, 'old', 'absent');
  }));
