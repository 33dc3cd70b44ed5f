/**
 * The record of a volume that this engine created, and its file. One file per volume makes each change one rename.
 * @see moby volume/service/db.go, type volumeMetadata, for the names of the fields
 */
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  commitInDirectory,
  digestHex,
  digestOf,
  JsonFile,
  OutboardError,
  onStorage,
  type ReportUnflushed,
} from '@outboard/oci';
import * as z from 'zod';
import type { TextMap } from './volumes.ts';

/** The facts about a volume that its driver may not keep. */
export interface VolumeRecord {
  readonly name: string;
  /** The full name of its driver. */
  readonly driver: string;
  readonly labels?: TextMap | undefined;
  readonly options?: TextMap | undefined;
  readonly createdAt: Date;
}

const recordVersion = 1;

// Pairs, not objects: a key may be any text, such as `__proto__`.
const pairs = z.array(z.tuple([z.string(), z.string()])).nullable();

const recordDocument = z.strictObject({
  Version: z.literal(recordVersion),
  Name: z.string(),
  Driver: z.string(),
  Labels: pairs,
  Options: pairs,
  CreatedAt: z.iso.datetime(),
});

const recordFile = new JsonFile<VolumeRecord>({
  subject: 'volume record',
  isSealed: true,
  damage: 'set-aside',
  encode: ({ name, driver, labels, options, createdAt }) => ({
    Version: recordVersion,
    Name: name,
    Driver: driver,
    Labels: toPairs(labels),
    Options: toPairs(options),
    CreatedAt: createdAt.toISOString(),
  }),
  decode(value) {
    const document = recordDocument.parse(value);
    return {
      name: document.Name,
      driver: document.Driver,
      ...(document.Labels === null ? {} : { labels: new Map(document.Labels) }),
      ...(document.Options === null ? {} : { options: new Map(document.Options) }),
      createdAt: new Date(document.CreatedAt),
    };
  },
});

/** The path of a volume's record. Its name is a digest, because volume names may contain any characters. */
export function volumeRecordFile(directory: string, name: string): string {
  return join(directory, `${digestHex(digestOf(Buffer.from(name)))}.json`);
}

/** True for the file name of a record. */
export function isVolumeRecordFile(name: string): boolean {
  return /^[a-f0-9]{64}\.json$/.test(name);
}

/**
 * Write or replace a record: a commit.
 * @param onUnflushed as in `commitInDirectory`
 */
export async function commitVolumeRecord(
  directory: string,
  record: VolumeRecord,
  onUnflushed: ReportUnflushed,
): Promise<void> {
  await recordFile.commit(volumeRecordFile(directory, record.name), record, onUnflushed);
}

/**
 * Delete a record: a commit. Does nothing if there is none.
 * @param onUnflushed as in `commitInDirectory`
 */
export async function deleteVolumeRecord(
  directory: string,
  name: string,
  onUnflushed: ReportUnflushed,
): Promise<void> {
  const path = volumeRecordFile(directory, name);
  const change = () => onStorage('delete file', path, () => rm(path, { force: true }));
  await commitInDirectory(directory, change, onUnflushed);
}

/**
 * Read a record.
 * @throws {OutboardError} system when the file is damaged or absent; a damaged one is renamed to `<path>.damaged`. The
 *   error of the file system when it cannot be read
 */
export async function readVolumeRecord(path: string): Promise<VolumeRecord> {
  const record = await recordFile.read(path);
  if (record === undefined)
    throw new OutboardError('system', `volume record ${JSON.stringify(path)} is gone`);
  if (volumeRecordFile(dirname(path), record.name) === path) return record;
  await rename(path, `${path}.damaged`);
  throw new OutboardError(
    'system',
    `volume record ${JSON.stringify(path)} is damaged: it is the record of another name: ${JSON.stringify(record.name)}`,
  );
}

function toPairs(map: TextMap | undefined): readonly (readonly [string, string])[] | null {
  return map === undefined ? null : [...map];
}
