/**
 * Checks the files that hold what the engine knows about a plugin: its record, and those beside it.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '@outboard/container';
import { isOutboardError, isUnfinishedWrite } from '@outboard/oci';
import type { PluginRecord } from '../../config/plugin-config.ts';
import { referenceFile } from '../../references/reference-file.ts';
import { type DamagedPlugin, shownName } from '../../store/damaged-plugin.ts';
import { encodeRecord } from '../../store/plugin-record-document.ts';
import { readRecord } from '../../store/plugin-record-file.ts';
import { repairPlugin } from '../install/repair.ts';
import type { CheckContext, Inspection } from './inspection.ts';

/**
 * Tell about a plugin whose record cannot be used; with `repair`, give it a record.
 * @returns true if it has a record now
 */
export async function checkDamaged(inspection: Inspection, damaged: DamagedPlugin): Promise<boolean> {
  const { context, request } = inspection;
  const name = shownName(damaged);
  const path = context.store.paths(damaged.id).record;
  const plugin = { id: damaged.id, name };
  const found = { subject: 'record', plugin, path, problem: damaged.reason } as const;
  if (request.repair !== true) {
    inspection.report({ ...found, remedy: `make it anew: outboard fsck --repair ${name}` });
    return false;
  }
  try {
    const { warnings } = await repairPlugin(context, damaged.id);
    inspection.report({ ...found, isRepaired: true, remedy: warnings.join('; ') });
    return true;
  } catch (error) {
    if (!isOutboardError(error)) throw error;
    inspection.report({ ...found, remedy: error.message });
    return false;
  }
}

/** Compare the record on disk with the one in force; with `repair`, write that one again. */
export async function checkRecord(inspection: Inspection, { id, name }: PluginRecord): Promise<void> {
  const { context, request } = inspection;
  // Once more in the plugin's queue: it may just be written.
  if ((await findRecordProblem(context, id)) === undefined) return;
  await context.queue.run(id, async () => {
    const problem = await findRecordProblem(context, id);
    const record = context.store.get(id);
    if (problem === undefined || record === undefined) return;
    const path = context.store.paths(id).record;
    const found = { subject: 'record', plugin: { id, name }, path, problem } as const;
    if (request.repair !== true) {
      const remedy = `write the one in force again, before the daemon is restarted: outboard fsck --repair ${name}`;
      return inspection.report({ ...found, remedy });
    }
    try {
      await context.store.save(record);
      inspection.report({ ...found, isRepaired: true });
    } catch (error) {
      if (!isOutboardError(error)) throw error;
      inspection.report({ ...found, remedy: error.message });
    }
  });
}

async function findRecordProblem(
  { store }: Pick<CheckContext, 'store'>,
  id: string,
): Promise<string | undefined> {
  const paths = store.paths(id);
  try {
    const onDisk = await readRecord(paths);
    const inForce = store.get(id);
    const isSame = inForce === undefined || encodeRecord(onDisk, paths).equals(encodeRecord(inForce, paths));
    return isSame ? undefined : 'it differs from the record in force';
  } catch (error) {
    if (!isOutboardError(error)) throw error;
    return error.message;
  }
}

/** Check the file of references, and look for files that nothing uses. */
export async function checkStateFiles(inspection: Inspection, { id, name }: PluginRecord): Promise<void> {
  const { store, references } = inspection.context;
  const plugin = { id, name };
  const paths = store.paths(id);
  const path = paths.references;
  const reason = await referenceFile.inspect(path);
  if (reason !== undefined) {
    const found = {
      subject: 'state',
      plugin,
      path,
      problem: `the list of references is damaged: ${reason}`,
    } as const;
    const isRepaired = inspection.request.repair === true;
    if (isRepaired) await references.rewrite(id);
    const remedy = isRepaired ? '' : `write the one in force again: outboard fsck --repair ${name}`;
    inspection.report({ ...found, isRepaired, remedy });
  }
  const names = await readdir(paths.directory).catch((error: unknown) => {
    // A plugin that is being removed; of any other, the record and the root filesystem are told to be missing.
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
  const report = (files: readonly string[], problem: string): void => {
    for (const file of files) {
      const path = join(paths.directory, file);
      inspection.report({ subject: 'leftover', severity: 'note', plugin, path, problem });
    }
  };
  report(
    names.filter((entry) => entry.endsWith('.damaged')),
    'a damaged file that was set aside: delete it when you have looked at it',
  );
  report(
    names.filter(isUnfinishedWrite),
    'left of a write that was cut short: the next start of the daemon deletes it',
  );
}
