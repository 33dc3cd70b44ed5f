/**
 * Upgrade: replace an installed plugin by another version of it. It is wholly the old one or wholly the new one.
 */
import { mkdir } from 'node:fs/promises';
import { familiarString, OutboardError } from '@outboard/oci';
import type { PluginRecord } from '../config/plugin-config.ts';
import { carrySettings } from '../config/settings.ts';
import { downloadLayers } from '../distribution/download-layers.ts';
import {
  fetchPluginImage,
  type PluginImage,
  parseRemote,
  resolvePlugin,
} from '../distribution/plugin-image.ts';
import { removeTree } from '../linux/remove-tree.ts';
import type { UpgradeRequest } from '../plugin-engine-contract.ts';
import { exchangeRootfs, settleUpgrade } from '../store/upgrade-journal.ts';
import { collectGarbage } from './collect-garbage.ts';
import { requireConsent } from './consent.ts';
import type { EngineContext } from './engine-context.ts';
import { announceImage, ignoreProgress, installedFrom, reportWarnings } from './pull.ts';

type UpgradeContext = Omit<EngineContext, 'supervisor'>;

/**
 * Upgrade a disabled plugin. Its ID, name and propagated mount stay; settings that the operator changed are kept
 * where the new config still allows them.
 * @throws {OutboardError} not-found; conflict when the plugin is enabled; and everything that pull throws
 */
export async function upgradePlugin(context: UpgradeContext, request: UpgradeRequest): Promise<PluginRecord> {
  const { id } = context.store.find(request.plugin);
  const upgrade = async () => {
    const record = context.store.find(id);
    if (record.enabled) {
      throw new OutboardError(
        'conflict',
        `plugin must be disabled before upgrading: plugin ${record.name} is enabled`,
      );
    }
    return replacePlugin(context, request, record);
  };
  try {
    return await context.queue.run(id, upgrade, request.signal);
  } finally {
    await collectGarbage(context); // the old version's content, or what a failed download left
  }
}

async function replacePlugin(
  context: UpgradeContext,
  request: UpgradeRequest,
  record: PluginRecord,
): Promise<PluginRecord> {
  const { signal } = request;
  const reference = parseRemote(request.remote);
  const onProgress = request.onProgress ?? ignoreProgress;
  const cancellable = signal === undefined ? {} : { signal };
  const paths = context.store.paths(record.id);
  await using lease = context.content.lease();
  await using newTree = await makeUpgradeTree(paths.upgradeRootfs);
  await using jail = context.openJail(newTree.path, cancellable);

  const found = await resolvePlugin(context.registry, reference, request);
  announceImage(reference, found.resolved.descriptor.digest, onProgress);
  const image = await fetchPluginImage(reference, found, signal);
  const privileges = requireConsent(image.config, request.privileges);
  const destination = { content: context.content, lease, jail, downloads: context.downloads };
  const warnings = await downloadLayers(image, destination, { onProgress, ...cancellable });
  await jail.finish();
  signal?.throwIfAborted();

  const upgraded = upgradedRecord(record, image, privileges);
  newTree.keep();
  await commitUpgrade(context, record, upgraded);
  reportWarnings(context, upgraded, [...image.warnings, ...warnings]);
  context.announce('pull', familiarString(reference), record.name);
  return upgraded;
}

function upgradedRecord(
  record: PluginRecord,
  image: PluginImage,
  privileges: PluginRecord['privileges'],
): PluginRecord {
  return {
    ...record,
    ...installedFrom(image),
    settings: carrySettings(record.config, record.settings, image.config),
    privileges,
  };
}

/** Tree first, then record; whichever step fails, `settleUpgrade` makes the tree follow the record that is on disk. */
async function commitUpgrade(
  context: UpgradeContext,
  before: PluginRecord,
  after: PluginRecord,
): Promise<void> {
  const paths = context.store.paths(before.id);
  let installed = before.manifestDigest;
  try {
    await exchangeRootfs(paths, after.manifestDigest);
    await context.store.save(after);
    installed = after.manifestDigest;
  } finally {
    await settleUpgrade(paths, installed);
  }
}

/** The directory that the new version is unpacked to; deleted at the end unless it was handed on by `keep`. */
async function makeUpgradeTree(path: string) {
  await removeTree(path);
  await mkdir(path, { mode: 0o755 });
  let isKept = false;
  return {
    path,
    keep: () => {
      isKept = true;
    },
    [Symbol.asyncDispose]: async () => {
      if (!isKept) await removeTree(path);
    },
  };
}
