/**
 * Look at a plugin's folder before anything is sent: `config.json` and `rootfs/` must be there.
 */
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError, codeOf, messageOf } from '../command-error.ts';

/** A config of a plugin is a few kilobytes. */
const maxConfigBytes = 4 * 1024 * 1024;

/**
 * @throws {CommandError} that says what is missing or wrong, in the words of the system as `docker plugin create` does
 */
export async function checkContext(directory: string): Promise<void> {
  const isFolder = await describe(directory, 'stat', async () => (await stat(directory)).isDirectory());
  if (!isFolder)
    throw new CommandError(`"${directory}" is not a folder; it must hold config.json and rootfs/`);
  await checkConfig(join(directory, 'config.json'));
  const rootfs = join(directory, 'rootfs');
  if (!(await describe(rootfs, 'stat', async () => (await stat(rootfs)).isDirectory()))) {
    throw new CommandError(`"${rootfs}" is not a folder; it must be the root file system of the plugin`);
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
