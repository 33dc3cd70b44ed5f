/**
 * Reads the files of a log as they are at one instant, although they grow and are put aside meanwhile.
 */
import { closeSync, createReadStream, fstatSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { LogEntry } from '@outboard/sdk';
import { parseEntry } from './log-line.ts';

/** One open file, and the bytes of it that belong to the instant. */
interface OpenFile {
  readonly fd: number;
  readonly bytes: number;
}

/**
 * Entries of the files of a log, oldest first. The files are opened with the first one that is asked for.
 *
 * @param file as in `ContainerLogOptions`; a file that is missing has no entries
 * @param size bytes to read of it; default all
 */
export async function* readFiles(file: string, size?: number): AsyncGenerator<LogEntry> {
  const files: OpenFile[] = [];
  try {
    for (const path of [`${file}.1`, file]) {
      const fd = openIfThere(path);
      if (fd === undefined) continue;
      const bytes = fstatSync(fd).size;
      files.push({ fd, bytes: path === file && size !== undefined ? Math.min(size, bytes) : bytes });
    }
    for (const one of files) yield* entriesOf(one);
  } finally {
    for (const { fd } of files) closeSync(fd);
  }
}

function openIfThere(path: string): number | undefined {
  try {
    // In one go with the other file and the look at the size: nothing is put aside between them.
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function* entriesOf({ fd, bytes }: OpenFile): AsyncGenerator<LogEntry> {
  if (bytes === 0) return;
  const input = createReadStream('', { fd, start: 0, end: bytes - 1, autoClose: false });
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    const entry = parseEntry(line);
    if (entry !== undefined) yield entry;
  }
}
