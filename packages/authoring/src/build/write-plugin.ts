/**
 * Writes a built plugin as the directory that `plugin create` takes.
 */
import { rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { makeDirectories, onStorage } from '@outboard/oci';
import type { BuiltPlugin } from './build-plugin.ts';
import { judgeWritten } from './judge-plugin.ts';
import { type LostProperties, type WriteOptions, writeTree } from './tree/write-tree.ts';

/** Properties that only root can write, and warnings. */
export interface WrittenPlugin extends LostProperties {
  /** One line each: what is doubtful in config and root filesystem. */
  readonly warnings: readonly string[];
}

/**
 * Write `config.json` and `rootfs/`. After a failure no part of the root filesystem stays.
 * @param output made if it does not exist; it must hold no `rootfs`
 * @throws {OutboardError} conflict when there is a root filesystem already; invalid when no engine could enable it; system
 */
export async function writePlugin(
  plugin: BuiltPlugin,
  output: string,
  options: WriteOptions = {},
): Promise<WrittenPlugin> {
  const rootfs = join(resolve(output), 'rootfs');
  await makeDirectories(dirname(rootfs), { mode: 0o755 });
  const write = async () => {
    const lost = await writeTree(plugin.tree.root, rootfs, options);
    return { ...lost, warnings: await judgeWritten(plugin, rootfs) };
  };
  const written = await write().catch(async (error: Error) => {
    const isOther = error.message.includes('exists already');
    if (!isOther) await rm(rootfs, { recursive: true, force: true });
    throw error;
  });
  const config = join(output, 'config.json');
  await onStorage('write', config, () => writeFile(config, plugin.configBytes));
  return written;
}
