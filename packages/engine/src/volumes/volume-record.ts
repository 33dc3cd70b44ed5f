/**
 * The record of a volume that this engine created, and its file. One file per volume makes each change one rename.
 * @see moby volume/service/db.go, type volumeMetadata, for the names of the fields
 */
import { readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  commitFile,
  commitInDirectory,
  digestHex,
  digestOf,
  OutboardError,
  onStorage,
  type ReportUnflushed,
} from '@outboard/oci';
import * as z from 'zod';
import { sealDocument, unsealDocument } from '../store/sealed-document.ts';
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
  const document = {
    Version: recordVersion,
    Name: record.name,
    Driver: record.driver,
    Labels: toPairs(record.labels),
    Options: toPairs(record.options),
    CreatedAt: record.createdAt.toISOString(),
  };
  // Options may contain secrets, such as the password of a share.
  const path = volumeRecordFile(directory, record.name);
  await commitFile(path, sealDocument(document), { mode: 0o600, onUnflushed });
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
 * @throws {OutboardError} system when the file is damaged, after it was renamed to `<path>.damaged`; the file system's error
 *   when it cannot be read
 */
export async function readVolumeRecord(path: string): Promise<VolumeRecord> {
  const text = await readFile(path, 'utf8');
  try {
    const record = parseRecord(text);
    if (volumeRecordFile(dirname(path), record.name) !== path) {
      throw new OutboardError('system', `it is the record of another name: ${JSON.stringify(record.name)}`);
    }
    return record;
  } catch (cause) {
    // The next write needs the name, and a repair needs the content.
    await rename(path, `${path}.damaged`);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OutboardError('system', `volume record ${JSON.stringify(path)} is damaged: ${reason}`, {
      cause,
    });
  }
}

function parseRecord(text: string): VolumeRecord {
  const document = recordDocument.parse(unsealDocument(text));
  return {
    name: document.Name,
    driver: document.Driver,
    ...(document.Labels === null ? {} : { labels: new Map(document.Labels) }),
    ...(document.Options === null ? {} : { options: new Map(document.Options) }),
    createdAt: new Date(document.CreatedAt),
  };
}

function toPairs(map: TextMap | undefined): readonly (readonly [string, string])[] | null {
  return map === undefined ? null : [...map];
}
