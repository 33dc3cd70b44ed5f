/**
 * The data root and the exec root: created when they are absent, resolved once, and closed to other users.
 */
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ownerFileName } from '@outboard/container';
import { makeDirectories, makeDirectoryDurably, onStorage } from '@outboard/oci';
import type { Logger } from 'pino';
import { backupsName } from './data-layout.ts';
import { versionFileName } from './data-layout-file.ts';
import { keepPrivate } from './keep-private.ts';

/** Paths of the roots. */
export interface Roots {
  readonly dataRoot: string;
  readonly execRoot: string;
}

/** Names in a directory that is used as a data root only. */
const ownNames: ReadonlySet<string> = new Set([
  ...['plugins', 'volumes', 'gateway', 'consents.json', backupsName, versionFileName],
  ...[ownerFileName, 'lost+found'],
]);

/**
 * Open the roots. The results hold no links: the OCI runtime accepts none in the path of a root filesystem, the mount
 * table has none, and a link that is changed later has no effect on running plugins.
 * @returns the real paths
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

/** A directory with other entries keeps its mode: `/srv` must not be closed to everyone else. */
async function keepDataRootPrivate(path: string, logger: Logger): Promise<void> {
  const names = await onStorage('list directory', path, () => readdir(path));
  if (names.every((name) => ownNames.has(name))) await keepPrivate(path, logger);
  else if (((await stat(path)).mode & 0o077) !== 0) {
    logger.warn(
      { path },
      'the data root is open to other users, and holds more than plugins: only its own directories are closed; use a directory of its own',
    );
  }
  for (const name of ['plugins', 'volumes', 'gateway', backupsName])
    await keepPrivate(join(path, name), logger);
}
