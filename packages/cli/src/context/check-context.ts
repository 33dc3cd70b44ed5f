/**
 * Checks a plugin's directory before it is sent: `config.json` and `rootfs/` must exist.
 */
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError, codeOf, messageOf } from '../command-error.ts';

/** Upper bound of config.json. Real ones have a few kilobytes. */
const maxConfigBytes = 4 * 1024 * 1024;

/** @throws {CommandError} for a missing or malformed part, with the system's error as in `docker plugin create` */
export async function checkContext(directory: string): Promise<void> {
  const isDirectory = await describe(directory, 'stat', async () => (await stat(directory)).isDirectory());
  if (!isDirectory)
    throw new CommandError(`"${directory}" is not a directory; it must hold config.json and rootfs/`);
  await checkConfig(join(directory, 'config.json'));
  const rootfs = join(directory, 'rootfs');
  if (!(await describe(rootfs, 'stat', async () => (await stat(rootfs)).isDirectory()))) {
    throw new CommandError(`"${rootfs}" is not a directory; it must be the root file system of the plugin`);
  }
}

async function checkConfig(path: string): Promise<void> {
  const text = await describe(path, 'open', async () => {
    await using file = await open(path);
    const facts = await file.stat();
    if (!facts.isFile()) throw new CommandError(`"${path}" is not a file`);
    if (facts.size > maxConfigBytes) {
      throw new CommandError(`"${path}" is larger than ${maxConfigBytes} bytes; a config is much smaller`);
    }
    return await file.readFile('utf8');
  });
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (error) {
    throw new CommandError(`"${path}" is not valid JSON: ${messageOf(error)}`, { cause: error });
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new CommandError(`"${path}" must hold a JSON object`);
  }
}

async function describe<T>(path: string, call: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const reason = codeOf(error) === 'ENOENT' ? 'no such file or directory' : messageOf(error);
    throw new CommandError(`${call} ${path}: ${reason}`, { cause: error });
  }
}
