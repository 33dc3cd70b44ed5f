/**
 * Rollback: return to the version of a plugin from before its last upgrade. Its tree and settings were kept; a second
 * roll-back goes forward again.
 */
import { lstat } from 'node:fs/promises';
import { canonicalName, OutboardError, parseReference } from '@outboard/oci';
import { carryOverrides, carrySettings } from '../../config/carry-settings.ts';
import type { PluginRecord, PreviousVersion } from '../../config/plugin-config.ts';
import type { ReportProgress } from '../../observe/progress.ts';
import { settleUpgrade } from '../../store/upgrade-journal.ts';
import type { OperationCall } from '../face-rows.ts';
import { findInterruptedUses, type InterruptedUsesContext, refuseInterrupted } from './interrupted-uses.ts';
import { type SwitchContext, type SwitchOptions, switchVersion } from './switch-version.ts';
import { versionOf, withVersion } from './version-of.ts';

/** Options of a roll-back. */
export interface RollbackOptions extends SwitchOptions {
  readonly onProgress?: ReportProgress | undefined;
}

type RollbackContext = SwitchContext & InterruptedUsesContext & Pick<OperationCall, 'queue' | 'announce'>;

/**
 * Roll back. An enabled plugin is switched as by an upgrade. Nothing is asked of a registry, and the privileges are those that
 * were granted to the version. Settings are those that it had, with what the operator has changed since and it allows.
 * @throws {OutboardError} not-found; conflict when no version before is kept, or when the plugin is in use in a way that the
 *   switch breaks (code `in-use`); code `rolled-back` when the version before does not serve: the present one runs on
 */
export async function rollbackPlugin(
  context: RollbackContext,
  plugin: string,
  options: RollbackOptions = {},
): Promise<PluginRecord> {
  const { id } = context.store.find(plugin);
  const { signal } = options;
  // Not while an upgrade is under way, which would replace the version before.
  const rollback = () => context.queue.run(id, () => rollBack(context, id, options), signal);
  return await context.queue.run(`upgrade ${id}`, rollback, signal);
}

async function rollBack(
  context: RollbackContext,
  id: string,
  options: RollbackOptions,
): Promise<PluginRecord> {
  const record = context.store.find(id);
  const paths = context.store.paths(id);
  await settleUpgrade(paths, record);
  const previous = await requirePrevious(record, paths.previousRootfs);
  await context.references.refresh(id);
  const interrupted = record.enabled ? findInterruptedUses(context, record) : [];
  if (options.force !== true) refuseInterrupted(record, interrupted);
  const { after, dropped } = restoreVersion(record, previous);
  if (record.enabled)
    await context.preflight.clear(after, { rootfs: paths.previousRootfs, signal: options.signal });
  for (const use of interrupted) options.onProgress?.({ status: `Interrupts ${use}` });
  await switchVersion(context, { before: record, after, mode: 'swap', done: 'rolled back' }, options);
  for (const sentence of dropped) options.onProgress?.({ status: `Warning: ${sentence}` });
  context.announce({ type: 'plugin', action: 'rollback', id, attributes: { name: record.name } });
  return after;
}

async function requirePrevious({ name, previous }: PluginRecord, tree: string): Promise<PreviousVersion> {
  if (previous === undefined) {
    throw new OutboardError(
      'conflict',
      `plugin ${name} has no version to roll back to: the version before is kept from an upgrade until "outboard gc --all"`,
    );
  }
  try {
    await lstat(tree);
    return previous;
  } catch (cause) {
    throw new OutboardError('conflict', `the version before of plugin ${name} is not on disk any more`, {
      cause,
    });
  }
}

/** The record after the roll-back. */
function restoreVersion(
  record: PluginRecord,
  previous: PreviousVersion,
): { readonly after: PluginRecord; readonly dropped: readonly string[] } {
  const isForeign = repositoryOf(record.name, record) !== repositoryOf(record.name, previous);
  const base = previous.settings;
  const version = { ...withVersion(record, versionOf(previous)), previous: versionOf(record) };
  if (isForeign) return { after: version, dropped: [] };
  const settings = carrySettings(record, previous.config, { base });
  const overrides = carryOverrides(record.overrides);
  return {
    after: { ...version, settings: settings.value, overrides: overrides.value },
    dropped: settings.dropped,
  };
}

function repositoryOf(
  name: string,
  { pluginReference = name }: Pick<PluginRecord, 'pluginReference'>,
): string {
  return canonicalName(parseReference(pluginReference));
}
