/**
 * Sees to it that members of the group of a socket reach it, once everything in the exec root is closed to them.
 */
import { realpath, stat } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { HostAddress } from './host-address.ts';
import { firstClosedDirectory, groupOfSocket, openToGroup, pathOfDescriptor } from './socket-group.ts';

/**
 * Let the group of a socket in the exec root pass that folder, which is Outboard's own; of other folders that are closed
 * to it, tell. Two sockets there have one group, which is the configured one, unless a service manager made one of them.
 */
export async function grantSocketAccess(
  addresses: readonly HostAddress[],
  execRoot: string,
  logger: Logger,
): Promise<void> {
  // Somebody who deleted the exec root leaves none until the next plugin starts.
  const own = await realpath(execRoot).catch(ignoreMissing);
  for (const address of addresses) {
    const path = await pathOf(address);
    const group = path === undefined ? undefined : await groupOfSocket(path);
    if (path === undefined || group === undefined) continue;
    let folder = await firstClosedDirectory(path, group);
    if (own !== undefined && folder === own && (await isForRoot(own))) {
      await openToGroup(own, group);
      folder = await firstClosedDirectory(path, group);
    }
    const facts = { socket: path, group: group.name };
    if (folder === undefined) logger.info(facts, 'members of the group may use the API');
    else {
      logger.warn(
        { ...facts, folder },
        `members of the group cannot reach the socket: chgrp ${group.name} ${folder} && chmod g+x ${folder}`,
      );
    }
  }
}

/** As Outboard makes it, for root or for a group to pass; any other mode is an operator's. */
async function isForRoot(folder: string): Promise<boolean> {
  const { mode, uid } = await stat(folder);
  return uid === 0 && (mode & 0o7767) === 0o700;
}

function pathOf(address: HostAddress): string | undefined | Promise<string | undefined> {
  if (address.kind === 'unix') return address.path;
  return address.kind === 'inherited' ? pathOfDescriptor(address.descriptor) : undefined;
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
