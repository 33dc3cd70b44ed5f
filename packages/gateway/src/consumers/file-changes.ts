/**
 * Compares the files that there must be with those that there are. Nothing is changed here.
 */
import { lstat, readFile } from 'node:fs/promises';
import { type Digest, digestOf, systemErrorCode } from '@outboard/oci';
import type { ConsumerFile, FileOwner } from './consumer-kind.ts';
import type { WrittenFile } from './consumer-record.ts';
import { readUserFile } from './user-files.ts';

/** A file that there must be, with the connections that need it. */
export interface WantedFile extends ConsumerFile {
  readonly connections: readonly string[];
}

/** One file and what to do with it. */
export type FileChange =
  | { readonly action: 'write' | 'keep'; readonly wanted: WantedFile }
  | {
      readonly action: 'remove' | 'forget';
      readonly path: string;
      readonly owner?: FileOwner | undefined;
    }
  | {
      readonly action: 'leave';
      readonly path: string;
      readonly reason: string;
      readonly wanted?: WantedFile | undefined;
    };

/** Larger files are none of ours. */
const maxBytes = 1024 * 1024;

/**
 * Decide for each file that there must be.
 * @param known the file as it was written last; absent for a new one
 */
export async function compareWanted(wanted: WantedFile, known: WrittenFile | undefined): Promise<FileChange> {
  const found = await digestAt(wanted.path, wanted.owner);
  if (found === digestOf(Buffer.from(wanted.content))) return { action: 'keep', wanted };
  if (found === undefined || (found !== 'foreign' && known?.digests.includes(found))) {
    return { action: 'write', wanted };
  }
  const reason =
    known === undefined
      ? 'it exists and is not from Outboard: move it away and connect again'
      : 'it was changed by hand: remove it to get it back as Outboard writes it';
  return { action: 'leave', path: wanted.path, reason, ...(known && { wanted }) };
}

/** Decide for a file that is no longer needed. */
export async function compareUnwanted({ path, digests, owner }: WrittenFile): Promise<FileChange> {
  const found = await digestAt(path, owner);
  if (found === undefined) return { action: 'forget', path };
  if (found !== 'foreign' && digests.includes(found))
    return { action: 'remove', path, ...(owner && { owner }) };
  return { action: 'leave', path, reason: 'it was changed by hand: remove it yourself' };
}

/** @returns undefined when there is no file; `foreign` for anything that Outboard never writes, such as a link */
async function digestAt(path: string, owner: FileOwner | undefined): Promise<Digest | 'foreign' | undefined> {
  if (owner !== undefined) {
    const content = await readUserFile(owner, path, maxBytes);
    return content === undefined || content === 'foreign' ? content : digestOf(content);
  }
  try {
    const status = await lstat(path);
    if (!status.isFile() || status.size > maxBytes) return 'foreign';
    return digestOf(await readFile(path));
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
