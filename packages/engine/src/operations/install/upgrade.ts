/**
 * Upgrade: replace an installed plugin by another version. After a crash it is either the old or the new version.
 */
import { mkdir } from 'node:fs/promises';
import { removeTree } from '@outboard/container';
import { canonicalName, OutboardError, parseReference } from '@outboard/oci';
import { carryOverrides, carrySettings } from '../../config/carry-settings.ts';
import type { PluginRecord } from '../../config/plugin-config.ts';
import { exchangeRootfs, settleUpgrade } from '../../store/upgrade-journal.ts';
import { bestEffort } from '../best-effort.ts';
import type { EngineContext } from '../engine-context.ts';
import type { OperationCall } from '../face-rows.ts';
import { collectGarbage } from './collect-garbage.ts';
import { type DownloadRequest, downloadPlugin, reportWarnings } from './download-plugin.ts';
import { createLayerSize, explainFullDisk, type LayerSize } from './explain-full-disk.ts';

/** Request of an upgrade; what the operator granted is for the new version. */
export interface UpgradeRequest extends DownloadRequest {
  /** Name or ID of the installed plugin. */
  readonly plugin: string;
}

type UpgradeContext = Pick<
  OperationCall,
  | ('dataRoot' | 'store' | 'content' | 'registry' | 'downloads' | 'openJail')
  | ('queue' | 'announce' | 'logger' | 'meter')
>;

/**
 * Upgrade a disabled plugin. Its ID, name and propagated mount stay. Settings that the operator changed are kept where the
 * new config still allows them and gives them no further effect; the others are reported as progress.
 * @throws {OutboardError} not-found; conflict when the plugin is enabled; and everything that pull throws
 */
export async function upgradePlugin(context: UpgradeContext, request: UpgradeRequest): Promise<PluginRecord> {
  const { id } = context.store.find(request.plugin);
  const size = createLayerSize();
  const upgrade = async () => {
    const record = context.store.find(id);
    if (record.enabled) {
      throw new OutboardError(
        'conflict',
        `plugin must be disabled before upgrading: plugin ${record.name} is enabled`,
      );
    }
    return replacePlugin(context, request, record, size);
  };
  return explainFullDisk(context, { plugin: request.remote, layerBytes: size.layerBytes }, async () => {
    try {
      return await context.queue.run(id, upgrade, request.signal);
    } finally {
      // The content of the old version, or of a failed download.
      await bestEffort(context, 'collect the content of the old version', () => collectGarbage(context));
    }
  });
}

async function replacePlugin(
  context: UpgradeContext,
  request: UpgradeRequest,
  record: PluginRecord,
  size: LayerSize,
): Promise<PluginRecord> {
  const paths = context.store.paths(record.id);
  await using lease = context.content.lease();
  await using newTree = await makeUpgradeTree(context, paths.upgradeRootfs);
  await using jail = context.openJail(newTree.path, { signal: request.signal });
  const downloaded = await downloadPlugin(context, request, { jail, lease, size });

  const { installed } = downloaded;
  const isForeign = repositoryOf(record) !== repositoryOf({ ...record, ...installed });
  const settings = carrySettings(record, installed.config, { isForeign });
  const overrides = carryOverrides(record.overrides, { isForeign });
  const upgraded: PluginRecord = {
    ...record,
    ...installed,
    settings: settings.value,
    overrides: overrides.value,
  };
  newTree.keep();
  await commitUpgrade(context, record, upgraded);
  const dropped = [...settings.dropped, ...overrides.dropped];
  for (const sentence of dropped) request.onProgress?.({ status: `Warning: ${sentence}` });
  reportWarnings(context, upgraded, [...downloaded.warnings, ...dropped]);
  context.announce({
    type: 'plugin',
    action: 'pull',
    id: downloaded.familiarRemote,
    attributes: { name: record.name },
  });
  return upgraded;
}

/** The repository of a plugin; for one that was created here, that of its local name. */
function repositoryOf({ name, pluginReference = name }: PluginRecord): string {
  return canonicalName(parseReference(pluginReference));
}

/**
 * Exchange the tree, then save the record, which is the commit. After a failure `settleUpgrade` makes the tree match the
 * record on disk; if that fails too, the next start of the plugin repeats it.
 */
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
    await bestEffort(context, 'delete the other tree after an upgrade', () =>
      settleUpgrade(paths, installed),
    );
  }
}

/** The directory that the new version is unpacked to; deleted when disposed, unless `keep` was called. */
async function makeUpgradeTree(context: Pick<EngineContext, 'logger'>, path: string) {
  await removeTree(path);
  await mkdir(path, { mode: 0o755 });
  let isKept = false;
  return {
    path,
    keep: () => {
      isKept = true;
    },
    [Symbol.asyncDispose]: async () => {
      if (!isKept) await bestEffort(context, 'delete the tree of a failed upgrade', () => removeTree(path));
    },
  };
}
