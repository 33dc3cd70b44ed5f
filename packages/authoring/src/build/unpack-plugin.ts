/**
 * Writes the archive of a plugin as the directory that `plugin create` takes.
 */
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Cancellable } from '@outboard/async';
import { makeDirectories, OutboardError, onStorage } from '@outboard/oci';
import { readArchive } from './base/apply-layer.ts';
import { openSpool } from './base/spool.ts';
import { readContent } from './tree/read-content.ts';
import { type LostProperties, writeTree } from './tree/write-tree.ts';

/**
 * Write `config.json` and `rootfs/`. Links of the archive are followed inside it only, so that nothing is written elsewhere.
 * @param archive a tar with `config.json` and `rootfs/`, plain or compressed
 * @param output made if it does not exist; it must hold no `rootfs`
 * @throws {OutboardError} conflict when there is a root filesystem already; invalid for an archive that is no plugin; system
 */
export async function unpackPlugin(
  archive: AsyncIterable<Uint8Array>,
  output: string,
  { signal }: Cancellable = {},
): Promise<LostProperties> {
  await using spool = await openSpool();
  const tree = await readArchive(archive, spool, signal);
  const [config, rootfs] = [tree.find('config.json'), tree.find('rootfs')];
  if (config?.type !== 'file' || rootfs?.type !== 'directory') {
    throw new OutboardError('invalid', 'the archive is no plugin: want config.json and rootfs/ at its top');
  }
  await makeDirectories(resolve(output), { mode: 0o755 });
  const lost = await writeTree(rootfs, join(resolve(output), 'rootfs'), { signal });
  const file = join(output, 'config.json');
  await onStorage('write', file, () => writeFile(file, readContent(config.content)));
  return lost;
}
