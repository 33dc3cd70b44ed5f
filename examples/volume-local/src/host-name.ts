/**
 * The name of the host, read from the one file of the host that the operator lets the plugin see.
 */
import { open } from 'node:fs/promises';

/** Longest host name that Linux takes is 64 bytes; more is read in case of comments, and no more than this. */
const maxBytes = 4096;

/** The first line of the file; undefined if there is no such file, for the name is a courtesy and no necessity. */
export async function readHostName(file: string): Promise<string | undefined> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (handle === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(maxBytes), 0, maxBytes, 0);
    return buffer.toString('utf8', 0, bytesRead).split('\n', 1).join('').trim();
  } finally {
    await handle.close();
  }
}
