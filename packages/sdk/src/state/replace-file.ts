/**
 * Replaces a small file so that a crash at any time leaves its old or its new content.
 */
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Write `content` to a temporary file, flush it, rename it over the file and flush the directory.
 * Calls for one file must not overlap. Durable when it resolves; the file is unchanged when it rejects. The rename is the
 * commit, so the directory is opened before it, and a failed flush after it is only a warning.
 */
export async function replaceFile(file: string, content: string): Promise<void> {
  const temporary = `${file}.new`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  const directory = await open(dirname(file), 'r');
  try {
    await rename(temporary, file);
    await directory.sync().catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      process.emitWarning(`"${file}" was replaced, but its directory could not be flushed: ${reason}`);
    });
  } finally {
    // Closing a directory cannot lose data.
    await directory.close().catch(() => undefined);
  }
}
