/**
 * Replacing a small file so that a crash at any instant leaves its old content or its new one.
 */
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Write `content` beside the file, flush it, rename it over the file and flush the folder.
 * Calls for one file must not overlap. Durable when it resolves; when it rejects the file is as it was. The folder is
 * opened before the rename, which is the commit: that it cannot be flushed afterwards is warned of.
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
  const folder = await open(dirname(file), 'r');
  try {
    await rename(temporary, file);
    await folder.sync().catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      process.emitWarning(`"${file}" was replaced, but its folder could not be flushed: ${reason}`);
    });
  } finally {
    // The descriptor of a folder holds nothing that could be lost.
    await folder.close().catch(() => undefined);
  }
}
