/**
 * Upgrade: replace an installed plugin by another version. After a crash it is either the old or the new version, and
 * enabled if it was.
 */
import { rename } from 'node:fs/promises';
import { canonicalName, OutboardError, onStorage, parseReference } from '@outboard/oci';
import { carryOverrides, carrySettings } from '../../config/carry-settings.ts';
import type { PluginRecord } from '../../config/plugin-config.ts';
import { settleUpgrade } from '../../store/upgrade-journal.ts';
import { bestEffort } from '../best-effort.ts';
import type { OperationCall } from '../face-rows.ts';
import { collectGarbage } from './collect-garbage.ts';
import {
  type DownloadedPlugin,
  type DownloadRequest,
  downloadPlugin,
  reportWarnings,
} from './download-plugin.ts';
import { createLayerSize, explainFullDisk, type LayerSize } from './explain-full-disk.ts';
import { findInterruptedUses, type InterruptedUsesContext, refuseInterrupted } from './interrupted-uses.ts';
import { type SwitchContext, type SwitchOptions, switchVersion } from './switch-version.ts';
import { versionOf } from './version-of.ts';

/** Request of an upgrade; what the operator granted is for the new version. */
export interface UpgradeRequest extends DownloadRequest, SwitchOptions {
  /** Name or ID of the installed plugin. */
  readonly plugin: string;
  /**
   * Permits the upgrade of an enabled plugin: calls wait meanwhile, and the old version runs again if the new one does not.
   * With `force` also uses end that the switch breaks. Default false, as in Docker.
   */
  readonly isLive?: boolean | undefined;
}

type UpgradeContext = SwitchContext &
  InterruptedUsesContext &
  Pick<OperationCall, 'dataRoot' | 'content' | 'registry' | 'downloads' | 'workspaces'> &
  Pick<OperationCall, 'queue' | 'announce' | 'meter'>;

/**
 * Upgrade a plugin. Its ID, name and propagated mount stay, and the version before is kept for a roll-back. Settings that the
 * operator changed are kept where the new config still allows them and gives them no further effect; the others are reported
 * as progress.
 * @throws {OutboardError} not-found; conflict when the plugin is enabled and `isLive` is not set, or in use in a way that
 *   the switch breaks (code `in-use`); code `rolled-back` when the new version does not serve; and everything that pull throws
 */
export async function upgradePlugin(context: UpgradeContext, request: UpgradeRequest): Promise<PluginRecord> {
  const { id } = context.store.find(request.plugin);
  const size = createLayerSize();
  return explainFullDisk(context, { plugin: request.remote, layerBytes: size.layerBytes }, async () => {
    try {
      // A queue of its own: operations on the plugin need not wait for the download.
      return await context.queue.run(
        `upgrade ${id}`,
        () => replacePlugin(context, request, id, size),
        request.signal,
      );
    } finally {
      // Content of a version that is not kept any more, or of a failed download.
      await bestEffort(context, 'collect the content of an earlier version', () => collectGarbage(context));
    }
  });
}

async function replacePlugin(
  context: UpgradeContext,
  request: UpgradeRequest,
  id: string,
  size: LayerSize,
): Promise<PluginRecord> {
  await context.references.refresh(id);
  refuse(context, request, context.store.find(id));
  await using lease = context.content.lease();
  await using workspace = await context.workspaces.open();
  const downloaded = await downloadPlugin(context, request, { jail: workspace.jail, lease, size });
  const replace = async () => {
    const record = context.store.find(id);
    const interrupted = refuse(context, request, record);
    for (const use of interrupted) request.onProgress?.({ status: `Interrupts ${use}` });
    await placeTree(context, record, workspace.rootfs);
    return await install(context, request, record, downloaded);
  };
  return await context.queue.run(id, replace, request.signal);
}

/** @returns the uses that the upgrade ends */
function refuse(context: UpgradeContext, request: UpgradeRequest, record: PluginRecord): readonly string[] {
  if (!record.enabled) return [];
  if (request.isLive !== true) {
    throw new OutboardError(
      'conflict',
      `plugin must be disabled before upgrading: plugin ${record.name} is enabled`,
    );
  }
  const uses = findInterruptedUses(context, record);
  if (request.force !== true) refuseInterrupted(record, uses);
  return uses;
}

/** Move the unpacked tree beside the installed one. */
async function placeTree(context: UpgradeContext, record: PluginRecord, rootfs: string): Promise<void> {
  const paths = context.store.paths(record.id);
  await settleUpgrade(paths, record);
  await onStorage('rename directory', rootfs, () => rename(rootfs, paths.upgradeRootfs));
}

/** Make the new record and switch to it. Runs in the plugin's queue. */
async function install(
  context: UpgradeContext,
  request: UpgradeRequest,
  record: PluginRecord,
  { installed, familiarRemote, warnings }: DownloadedPlugin,
): Promise<PluginRecord> {
  const isForeign = repositoryOf(record) !== repositoryOf({ ...record, ...installed });
  const settings = carrySettings(record, installed.config, { isForeign });
  const overrides = carryOverrides(record.overrides, { isForeign });
  const isSame = record.manifestDigest === installed.manifestDigest;
  const upgraded: PluginRecord = {
    ...record,
    ...installed,
    settings: settings.value,
    overrides: overrides.value,
    // The same version again gives nothing to roll back to.
    previous: isSame ? record.previous : versionOf(record),
  };
  const { upgradeRootfs: rootfs } = context.store.paths(record.id);
  try {
    if (record.enabled) await context.preflight.clear(upgraded, { rootfs, signal: request.signal });
    const change = {
      before: record,
      after: upgraded,
      mode: isSame ? 'replace' : 'keep',
      done: 'upgraded',
    } as const;
    await switchVersion(context, change, request);
  } catch (error) {
    await bestEffort(context, 'delete the tree of a failed upgrade', () =>
      settleUpgrade(context.store.paths(record.id), record),
    );
    throw error;
  }
  const dropped = [...settings.dropped, ...overrides.dropped];
  for (const sentence of dropped) request.onProgress?.({ status: `Warning: ${sentence}` });
  reportWarnings(context, upgraded, [...warnings, ...dropped]);
  context.announce({ type: 'plugin', action: 'pull', id: familiarRemote, attributes: { name: record.name } });
  return upgraded;
}

/** The repository of a plugin; for one that was created here, that of its local name. */
function repositoryOf({
  name,
  pluginReference = name,
}: Pick<PluginRecord, 'name' | 'pluginReference'>): string {
  return canonicalName(parseReference(pluginReference));
}
