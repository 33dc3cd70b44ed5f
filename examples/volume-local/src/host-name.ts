/**
 * The name of the host, from the only file of the host that the plugin can see.
 */
import { open } from 'node:fs/promises';

/** Linux limits host names to 64 bytes; comments before it may take some more. */
const maxBytes = 4096;

/** The first line of the file; undefined without the file, because the name is informative only. */
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
