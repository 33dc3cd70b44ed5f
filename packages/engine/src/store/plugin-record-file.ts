/**
 * The file of a plugin's record: how it is replaced, and how it is read again when a disk fails for a moment.
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
 * @param paths where the plugin lies now
 * @param home where it will lie
 */
export async function writeRecord(
  record: PluginRecord,
  paths: PluginPaths,
  home: PluginPaths = paths,
): Promise<void> {
  await writeFileDurably(paths.record, encodeRecord(record, home), { mode: 0o600 });
}

/**
 * Read a record, written by us or by Docker.
 * @throws {OutboardError} system when the file is damaged, or cannot be read
 */
export async function readRecord(paths: PluginPaths): Promise<PluginRecord> {
  return parseRecord(await readRecordText(paths), paths);
}

/**
 * Read the file of a record, whatever is in it. A failure is tried again once: a disk that stutters, or a process that
 * was short of descriptors for a moment, must not put a plugin out of service.
 * @throws {OutboardError} system, with the file's name
 */
export async function readRecordText(paths: PluginPaths): Promise<string> {
  const read = () => readFile(paths.record, 'utf8');
  return onStorage('read plugin record', paths.record, () => read().catch(read));
}

/** @throws {OutboardError} system when the text is no whole and true record */
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
