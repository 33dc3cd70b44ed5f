/**
 * Writes archives to files.
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';

/**
 * Write a file that appears when it is complete; a device or a pipe is written to directly.
 * @throws the errors of the archive and of the system; nothing is left then
 */
export async function writeArchiveFile(archive: Readable, path: string): Promise<void> {
  const present = await stat(path).catch(() => undefined);
  if (present !== undefined && !present.isFile()) {
    await using device = await open(path, 'w');
    return await writeChunks(archive, device);
  }
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(8).toString('hex')}`);
  try {
    await using file = await open(temporary, 'wx', 0o666);
    await writeChunks(archive, file);
    await file.sync();
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeChunks(archive: Readable, file: FileHandle): Promise<void> {
  for await (const chunk of archive as AsyncIterable<Buffer>) await file.writeFile(chunk);
}
