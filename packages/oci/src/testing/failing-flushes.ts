/**
 * Flushes of directories that fail, as on a disk that is about to be lost.
 */
import { open, readlink } from 'node:fs/promises';

/**
 * Let flushes of directories fail with EIO in this process. Dispose ends it.
 * @param fails true for a flush of this directory that must fail
 */
export async function failDirectoryFlushes(fails: (directory: string) => boolean): Promise<Disposable> {
  await using handle = await open('/', 'r');
  // All handles share it; Node.js exports no class for them.
  const methods = Object.getPrototypeOf(handle) as { sync(this: typeof handle): Promise<void> };
  const { sync } = methods;
  methods.sync = async function flush() {
    const isDirectory = (await this.stat()).isDirectory();
    if (isDirectory && fails(await readlink(`/proc/self/fd/${this.fd}`))) {
      throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO', syscall: 'fsync' });
    }
    await sync.call(this);
  };
  return {
    [Symbol.dispose]() {
      methods.sync = sync;
    },
  };
}
