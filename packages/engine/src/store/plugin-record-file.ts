/**
 * The file of a plugin's record.
 */
import { readFile } from 'node:fs/promises';
import { commitFile, OutboardError, onStorage, type ReportUnflushed, writeFileDurably } from '@outboard/oci';
import type { PluginRecord } from '../config/plugin-config.ts';
import type { PluginPaths } from './plugin-layout.ts';
import { decodeRecord, encodeRecord } from './plugin-record-document.ts';

/**
 * Replace a plugin's record: a commit.
 * @param onUnflushed as in `commitInDirectory`
 */
export async function commitRecord(
  record: PluginRecord,
  paths: PluginPaths,
  onUnflushed: ReportUnflushed,
): Promise<void> {
  await commitFile(paths.record, encodeRecord(record, paths), { mode: 0o600, onUnflushed });
}

/**
 * Write the record of a plugin that is still being staged.
 * @param paths of the staged directory
 * @param home paths after the installation
 */
export async function writeRecord(
  record: PluginRecord,
  paths: PluginPaths,
  home: PluginPaths = paths,
): Promise<void> {
  await writeFileDurably(paths.record, encodeRecord(record, home), { mode: 0o600 });
}

/**
 * Read a record of Outboard or Docker.
 * @throws {OutboardError} system when the file is damaged, or cannot be read
 */
export async function readRecord(paths: PluginPaths): Promise<PluginRecord> {
  return parseRecord(await readRecordText(paths), paths);
}

/**
 * Read the file of a record without parsing it. A failure is repeated once: a short failure of the disk, or of the process
 * to get a descriptor, must not disable a plugin.
 * @throws {OutboardError} system, with the file's name
 */
export async function readRecordText(paths: PluginPaths): Promise<string> {
  const read = () => readFile(paths.record, 'utf8');
  return onStorage('read plugin record', paths.record, () => read().catch(read));
}

/** @throws {OutboardError} system when the text is no complete record with the right checksum */
export function parseRecord(text: string, paths: PluginPaths): PluginRecord {
  try {
    return decodeRecord(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OutboardError('system', `plugin record ${JSON.stringify(paths.record)} is damaged: ${reason}`, {
      cause,
    });
  }
}
