/**
 * Changes the installed version of a plugin, whatever brings the new one: a download, or an author. After a crash it is
 * either the old or the new version, and enabled if it was.
 */
import { rename } from 'node:fs/promises';
import type { UnpackJail } from '@outboard/container';
import { canonicalName, type Lease, OutboardError, onStorage, parseReference } from '@outboard/oci';
import { carryOverrides, carrySettings } from '../../config/carry-settings.ts';
import type { PluginRecord } from '../../config/plugin-config.ts';
import { retryChangedContent } from '../../distribution/retry-changed-content.ts';
import type { ReportProgress } from '../../observe/progress.ts';
import { settleUpgrade } from '../../store/upgrade-journal.ts';
import { bestEffort } from '../best-effort.ts';
import { collectGarbage } from '../content/collect-garbage.ts';
import type { InstalledParts } from '../content/installed-parts.ts';
import type { OperationCall } from '../face-rows.ts';
import { reportWarnings } from './download-plugin.ts';
import { explainFullDisk, type LayerSize } from './explain-full-disk.ts';
import { findInterruptedUses, type InterruptedUsesContext, refuseInterrupted } from './interrupted-uses.ts';
import { type SwitchContext, type SwitchOptions, switchVersion } from './switch-version.ts';
import { versionOf, withVersion } from './version-of.ts';

/** Choices for a change of version. */
export interface ChangeOptions extends SwitchOptions {
  /** Name or ID of the installed plugin. */
  readonly plugin: string;
  /**
   * Permits the change of an enabled plugin: calls wait meanwhile, and the old version runs again if the new one does not.
   * With `force` also uses end that the switch breaks. Default false, as in Docker.
   */
  readonly isLive?: boolean | undefined;
  readonly onProgress?: ReportProgress | undefined;
  /** Receives the warnings about the version and about settings that are not kept, one line each, once it is installed. */
  readonly onWarnings?: ((warnings: readonly string[]) => void) | undefined;
}

/** Parts that a change of version takes. */
export type ChangeContext = SwitchContext &
  InterruptedUsesContext &
  Pick<OperationCall, 'dataRoot' | 'content' | 'workspaces' | 'queue' | 'announce'>;

/** A version that is unpacked and flushed, and whose blobs are stored, but that has no record yet. */
export interface BroughtVersion {
  readonly installed: InstalledParts;
  readonly warnings: readonly string[];
  /** Announced when it is installed; `id` is the reference that it came from, or the plugin's ID. */
  readonly event: { readonly action: 'pull' | 'create'; readonly id: string };
}

/** The source of a new version. */
export interface VersionSource {
  /** Names it in errors. */
  readonly name: string;
  readonly layerBytes: LayerSize['layerBytes'];
  /** Unpack the version into the jail. @param record the plugin as it is installed */
  readonly bring: (
    to: { readonly jail: UnpackJail; readonly rootfs: string; readonly lease: Lease },
    record: PluginRecord,
  ) => Promise<BroughtVersion>;
}

/**
 * Bring a version and switch to it. ID, name and propagated mount stay, and the version before is kept for a roll-back.
 * Settings that the operator changed are kept where the new config still allows them and gives them no further effect; the
 * others are reported as progress.
 * @throws {OutboardError} not-found; conflict when the plugin is enabled and `isLive` is not set, or in use in a way that
 *   the switch breaks (code `in-use`); code `rolled-back` when the new version does not serve; errors of the source
 */
export async function changeVersion(
  context: ChangeContext,
  options: ChangeOptions,
  source: VersionSource,
): Promise<PluginRecord> {
  const { id } = context.store.find(options.plugin);
  const installation = { plugin: source.name, layerBytes: source.layerBytes };
  return explainFullDisk(context, installation, async () => {
    try {
      // A queue of its own: operations on the plugin need not wait for the download.
      return await context.queue.run(
        `upgrade ${id}`,
        () => retryChangedContent(() => bringAndSwitch(context, options, source, id)),
        options.signal,
      );
    } finally {
      // Content of a version that is not kept any more, or of a failed download.
      await bestEffort(context, 'collect the content of an earlier version', () => collectGarbage(context));
    }
  });
}

async function bringAndSwitch(
  context: ChangeContext,
  options: ChangeOptions,
  source: VersionSource,
  id: string,
): Promise<PluginRecord> {
  await context.references.refresh(id);
  refuse(context, options, context.store.find(id));
  await using lease = context.content.lease();
  await using workspace = await context.workspaces.open();
  const { jail, rootfs } = workspace;
  const brought = await source.bring({ jail, rootfs, lease }, context.store.find(id));
  const replace = async () => {
    const record = context.store.find(id);
    const interrupted = refuse(context, options, record);
    for (const use of interrupted) options.onProgress?.({ status: `Interrupts ${use}` });
    await placeTree(context, record, workspace.rootfs);
    return await install(context, options, record, brought);
  };
  return await context.queue.run(id, replace, options.signal);
}

/** @returns the uses that the upgrade ends */
function refuse(context: ChangeContext, options: ChangeOptions, record: PluginRecord): readonly string[] {
  if (!record.enabled) return [];
  if (options.isLive !== true) {
    throw new OutboardError(
      'conflict',
      `plugin must be disabled before upgrading: plugin ${record.name} is enabled`,
    );
  }
  const uses = findInterruptedUses(context, record);
  if (options.force !== true) refuseInterrupted(record, uses);
  return uses;
}

/** Move the unpacked tree beside the installed one. */
async function placeTree(context: ChangeContext, record: PluginRecord, rootfs: string): Promise<void> {
  const paths = context.store.paths(record.id);
  await settleUpgrade(paths, record);
  await onStorage('rename directory', rootfs, () => rename(rootfs, paths.upgradeRootfs));
}

/** Make the new record and switch to it. Runs in the plugin's queue. */
async function install(
  context: ChangeContext,
  options: ChangeOptions,
  record: PluginRecord,
  { installed, warnings, event }: BroughtVersion,
): Promise<PluginRecord> {
  const isForeign = repositoryOf(record) !== repositoryOf({ ...record, ...installed });
  const settings = carrySettings(record, installed.config, { isForeign });
  const overrides = carryOverrides(record.overrides, { isForeign });
  const isSame = record.manifestDigest === installed.manifestDigest;
  const upgraded: PluginRecord = {
    ...withVersion(record, installed),
    settings: settings.value,
    overrides: overrides.value,
    // The same version again gives nothing to roll back to.
    previous: isSame ? record.previous : versionOf(record),
  };
  const { upgradeRootfs: rootfs } = context.store.paths(record.id);
  try {
    if (record.enabled) await context.preflight.clear(upgraded, { rootfs, signal: options.signal });
    const change = {
      before: record,
      after: upgraded,
      mode: isSame ? 'replace' : 'keep',
      done: 'upgraded',
    } as const;
    await switchVersion(context, change, options);
  } catch (error) {
    await bestEffort(context, 'delete the tree of a failed upgrade', () =>
      settleUpgrade(context.store.paths(record.id), record),
    );
    throw error;
  }
  const dropped = [...settings.dropped, ...overrides.dropped];
  for (const sentence of dropped) options.onProgress?.({ status: `Warning: ${sentence}` });
  reportWarnings(context, upgraded, [...warnings, ...dropped]);
  options.onWarnings?.([...warnings, ...dropped]);
  context.announce({ type: 'plugin', ...event, attributes: { name: record.name } });
  return upgraded;
}

/** The repository of a plugin; for one that was created here, that of its local name. */
function repositoryOf({
  name,
  pluginReference = name,
}: Pick<PluginRecord, 'name' | 'pluginReference'>): string {
  return canonicalName(parseReference(pluginReference));
}
