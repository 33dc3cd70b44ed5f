/**
 * The remains of an interrupted ingest: a file named by the digest of the whole content, and a note beside it. After a
 * crash of this process all bytes in the file count, after one of the machine only those that were flushed.
 */
import { randomBytes } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { type Digest, digestAlgorithm, digestHex, parseDigest } from '../digests/digest.ts';
import { systemErrorCode } from '../files/storage-error.ts';

const noteSchema = z.object({
  source: z.string(),
  /** Identifies the run of the kernel that wrote the file. */
  boot: z.string(),
  flushedBytes: z.number().int().nonnegative(),
});
/** A note that is larger was not written here. */
const maxNoteBytes = 4096;

/** The file of an interrupted ingest. */
export interface PartialFile {
  readonly path: string;
  /** Path of the note. */
  readonly notePath: string;
}

/** The bytes of a partial file that count as there. */
export interface PartialContent {
  readonly bytes: number;
  readonly source: string;
}

/** The paths for content of a digest. */
export function partialFile(directory: string, digest: Digest): PartialFile {
  const path = join(directory, `${digestAlgorithm(digest)}-${digestHex(digest)}`);
  return { path, notePath: `${path}.json` };
}

/** The digest that the name of a partial file encodes; undefined for any other file, such as a note. */
export function partialDigest(name: string): Digest | undefined {
  return /^(?:sha256-[0-9a-f]{64}|sha512-[0-9a-f]{128})$/.test(name)
    ? parseDigest(name.replace('-', ':'))
    : undefined;
}

/**
 * Look up what an ingest left.
 * @param bootNow see `readBootId`
 * @returns undefined when there is nothing, or nothing that can be relied on
 */
export async function readPartial(
  { path, notePath }: PartialFile,
  bootNow: string,
): Promise<PartialContent | undefined> {
  try {
    const { size } = await stat(path);
    const note = await readFile(notePath);
    if (note.length > maxNoteBytes) return undefined;
    const { source, boot, flushedBytes } = noteSchema.parse(JSON.parse(note.toString()));
    const bytes = boot === bootNow ? size : Math.min(size, flushedBytes);
    return { bytes, source };
  } catch (error) {
    const isUnreadable = error instanceof SyntaxError || error instanceof z.ZodError;
    if (isUnreadable || systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Write the note of a partial file. A torn note is unreadable, and the content is fetched from its start then. */
export async function writeNote({ notePath }: PartialFile, note: z.infer<typeof noteSchema>): Promise<void> {
  await writeFile(notePath, JSON.stringify(note), { mode: 0o600 });
}

/** Remove a partial file and its note. */
export async function removePartial({ path, notePath }: PartialFile): Promise<void> {
  // The file first: a note without a file means nothing.
  await rm(path, { force: true });
  await rm(notePath, { force: true });
}

/** The kernel's name for this run of the machine; where it has none, one that no other process uses. */
export async function readBootId(): Promise<string> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  } catch {
    return randomBytes(16).toString('hex'); // only flushed bytes count then
  }
}
