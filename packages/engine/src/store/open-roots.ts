/**
 * The two folders that an operator names: made when they are absent, resolved once, and kept from other users.
 */
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ownerFileName } from '@outboard/container';
import { makeDirectories, makeDirectoryDurably, onStorage } from '@outboard/oci';
import type { Logger } from 'pino';
import { keepPrivate } from './keep-private.ts';

export interface Roots {
  readonly dataRoot: string;
  readonly execRoot: string;
}

/** What lies in a data root that is nothing else. */
const ownNames: ReadonlySet<string> = new Set(['plugins', 'volumes', ownerFileName, 'lost+found']);

/**
 * Open the roots. From here on their paths hold no links: the OCI runtime takes none in the path of a root filesystem,
 * the mount table has none, and a link that is changed while plugins run changes nothing for them.
 * @returns the same folders by their real paths
 * @throws {OutboardError} system
 */
export async function openRoots({ dataRoot, execRoot }: Roots, logger: Logger): Promise<Roots> {
  await makeDirectoryDurably(dataRoot, { mode: 0o700 });
  await makeDirectories(execRoot, { mode: 0o700 });
  const roots = {
    dataRoot: await onStorage('resolve', dataRoot, () => realpath(dataRoot)),
    execRoot: await onStorage('resolve', execRoot, () => realpath(execRoot)),
  };
  await keepDataRootPrivate(roots.dataRoot, logger);
  return roots;
}

/** A folder that holds other things too keeps its mode: `/srv` must not be closed for everyone else. */
async function keepDataRootPrivate(path: string, logger: Logger): Promise<void> {
  const names = await onStorage('list folder', path, () => readdir(path));
  if (names.every((name) => ownNames.has(name))) await keepPrivate(path, logger);
  else if (((await stat(path)).mode & 0o077) !== 0) {
    logger.warn(
      { path },
      'the data root is open to other users, and holds more than plugins: only the folders in it are closed; give the plugins a folder of their own',
    );
  }
  for (const name of ['plugins', 'volumes']) await keepPrivate(join(path, name), logger);
}
