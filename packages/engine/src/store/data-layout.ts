/**
 * The version of the layout of a data root. A data root of a newer version is refused before anything is changed; an older one
 * is migrated, after a backup of the files that change.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectoryDurably, OutboardError, onStorage, writeFileDurably } from '@outboard/oci';
import type { Logger } from 'pino';
import type { PluginRecord } from '../config/plugin-config.ts';
import { readVersionFile, type VersionFile, versionFileName } from './data-layout-file.ts';
import { createPluginLayout, isPluginId, type PluginPaths } from './plugin-layout.ts';
import { encodeRecord } from './plugin-record-document.ts';
import { parseRecord, readRecordText } from './plugin-record-file.ts';
import { clearUnfinishedWrites } from './report-unflushed.ts';

/**
 * The layout that this version writes. 1: releases 0.1 and 0.2, without a version on disk. 2: every record has all of
 * today's fields and a checksum, also one that Docker or release 0.1 wrote.
 */
export const layoutVersion = 2;

/** Name of the directory with the backups in the data root. */
export const backupsName = 'backups';

/** A data root, and the program that opens it. */
export interface DataLayoutOptions {
  readonly dataRoot: string;
  /** Name and version of the program, such as `outboard/0.2.0`, for the error of an older one. */
  readonly program: string;
}

/**
 * Refuse the data root of a newer version. Nothing is changed.
 * @throws {OutboardError} conflict, code `newer-data-root`; system when the file cannot be read
 */
export async function requireKnownLayout({ dataRoot, program }: DataLayoutOptions): Promise<void> {
  const file = await readVersionFile(dataRoot);
  if (file.state !== 'sound' || file.version <= layoutVersion) return;
  const writer = file.writtenBy === undefined ? '' : `, last by ${file.writtenBy}`;
  throw new OutboardError(
    'conflict',
    `data root ${JSON.stringify(dataRoot)} was written by a newer version (layout ${file.version}${writer}); ` +
      `${program} knows layouts up to ${layoutVersion}: start the newer version again, or name another data root. Nothing was changed`,
    { code: 'newer-data-root' },
  );
}

/**
 * Migrate an older data root, which the caller has locked. Safe to kill anywhere and to repeat: each file is replaced as a
 * whole after its backup, and the version is written last. A disk that takes no writes is only logged: older records are
 * read as well, and the next start tries again.
 * @throws {OutboardError} as `requireKnownLayout`
 */
export async function migrateLayout(options: DataLayoutOptions, logger: Logger): Promise<void> {
  const { dataRoot, program } = options;
  await requireKnownLayout(options);
  const file = await readVersionFile(dataRoot);
  if (file.state === 'damaged') {
    logger.error(
      { path: join(dataRoot, versionFileName) },
      'the version of the data root cannot be read: it is written again',
    );
  }
  if (file.state === 'sound' && file.version === layoutVersion) return;
  try {
    await migrate(options, file, logger);
    const document = { Version: layoutVersion, WrittenBy: program };
    await writeFileDurably(join(dataRoot, versionFileName), `${JSON.stringify(document)}\n`, { mode: 0o600 });
  } catch (error) {
    logger.error({ err: error, dataRoot }, 'cannot migrate the data root: the next start tries again');
  }
}

async function migrate({ dataRoot }: DataLayoutOptions, file: VersionFile, logger: Logger): Promise<void> {
  const from = file.state === 'sound' ? file.version : 1;
  const backup = join(dataRoot, backupsName, `layout-${from}`);
  const layout = createPluginLayout(dataRoot);
  await clearUnfinishedWrites(backup, logger);
  let records = 0;
  for (const id of await listIds(layout.pluginsDirectory)) {
    if (await renewRecord(layout.plugin(id), join(backup, `${id}.json`), id)) records += 1;
  }
  if (records > 0)
    logger.info({ from, to: layoutVersion, records, backup }, 'records of plugins were migrated');
}

async function listIds(directory: string): Promise<readonly string[]> {
  const names = await onStorage('list directory', directory, () =>
    readdir(directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    }),
  );
  return names.filter(isPluginId);
}

/** @returns true if the record was written anew */
async function renewRecord(paths: PluginPaths, backup: string, id: string): Promise<boolean> {
  const old = await readSound(paths);
  // A damaged record is left for its repair.
  if (old?.record.id !== id) return false;
  const renewed = encodeRecord(old.record, paths);
  if (renewed.toString() === old.text) return false;
  await keepFirst(backup, old.text);
  await writeFileDurably(paths.record, renewed, { mode: 0o600 });
  return true;
}

async function readSound(
  paths: PluginPaths,
): Promise<{ readonly text: string; readonly record: PluginRecord } | undefined> {
  try {
    const text = await readRecordText(paths);
    return { text, record: parseRecord(text, paths) };
  } catch {
    return undefined; // the plugin store reports it when it loads the record
  }
}

/** Write a backup unless there is one: that of an interrupted migration has the older bytes. */
async function keepFirst(path: string, text: string): Promise<void> {
  const directory = join(path, '..');
  await makeDirectoryDurably(directory, { mode: 0o700 });
  const names = await onStorage('list directory', directory, () => readdir(directory));
  if (names.some((name) => join(directory, name) === path)) return;
  await writeFileDurably(path, text, { mode: 0o600 });
}
