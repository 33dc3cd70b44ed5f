/**
 * Replacing a small file so that a crash at any instant leaves its old content or its new one.
 */
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Write `content` beside the file, flush it, rename it over the file and flush the folder.
 * Calls for one file must not overlap. Durable when it resolves.
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
  await rename(temporary, file);
  const folder = await open(dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
