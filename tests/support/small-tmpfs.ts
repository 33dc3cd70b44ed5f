/**
 * A file system so small that a test can fill it.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A mounted tmpfs; disposing unmounts and removes it. Needs root. */
export interface SmallTmpfs extends AsyncDisposable {
  readonly path: string;
}

/**
 * Mount a tmpfs.
 *
 * @param options.bytes room for content, rounded up to whole pages
 * @param options.inodes number of files and directories that fit, the root included; default no bound
 */
export async function mountSmallTmpfs(options: {
  readonly bytes: number;
  readonly inodes?: number;
}): Promise<SmallTmpfs> {
  const path = await mkdtemp(join(tmpdir(), 'outboard-tmpfs-'));
  const limits = `size=${options.bytes},nr_inodes=${options.inodes ?? 0},mode=0700`;
  try {
    await run('mount', ['-t', 'tmpfs', '-o', limits, 'outboard-test', path]);
  } catch (error) {
    await rmdir(path);
    throw error;
  }
  return {
    path,
    async [Symbol.asyncDispose]() {
      await run('umount', [path]);
      await rmdir(path);
    },
  };
}
