/**
 * The record of a volume that this engine created, and its file. One file per volume makes each change one rename.
 * @see moby volume/service/db.go, type volumeMetadata, for the names of the fields
 */
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type Codec,
  codec,
  commitInDirectory,
  DocumentMismatch,
  digestHex,
  digestOf,
  type Given,
  JsonFile,
  OutboardError,
  onStorage,
  type ReportUnflushed,
  type ValueOf,
} from '@outboard/oci';
import type { TextMap } from './volumes.ts';

/**
 * A map of texts as pairs, not as an object, so that a key may be any text, such as `__proto__`, and keys that look like
 * numbers keep their place.
 */
const pairs: Codec<TextMap> = {
  decode(document) {
    if (Array.isArray(document) && document.every(isPair)) return new Map(document);
    throw new DocumentMismatch('an array of pairs of strings', document);
  },
  encode: (map) => [...map],
  shape: { kind: 'plain', samples: [[], [['key', 'text']]] },
};

const { field, fieldOrNull, requiredText } = codec;

/** The table of a volume's record. */
export const volumeRecordCodec = codec.exact(
  codec.object({
    version: codec.constantField('Version', 1),
    name: field('Name', requiredText),
    /** The full name of its driver. */
    driver: field('Driver', requiredText),
    labels: fieldOrNull('Labels', pairs),
    options: fieldOrNull('Options', pairs),
    createdAt: field('CreatedAt', codec.instant),
  }),
);

/** The facts about a volume that its driver may not keep. */
export type VolumeRecord = Given<ValueOf<typeof volumeRecordCodec>>;

const recordFile = new JsonFile<VolumeRecord>({
  subject: 'volume record',
  codec: volumeRecordCodec,
  isSealed: true,
  damage: 'set-aside',
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

/**
 * Look at the record of a volume, and change nothing.
 * @returns what is wrong with it; undefined for a sound one
 * @throws the error of the file system when it cannot be read
 */
export async function findRecordProblem(path: string): Promise<string | undefined> {
  const reason = await recordFile.inspect(path);
  if (reason !== undefined) return `the record of a volume is damaged: ${reason}`;
  return (await recordFile.read(path)) === undefined ? 'the record of a volume is missing' : undefined;
}

function isPair(value: unknown): value is readonly [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string');
}
