/**
 * Gives members of a socket's group access to it. Called when all other files in the exec root are closed to them.
 */
import { realpath, stat } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { HostAddress } from './host-address.ts';
import { firstClosedDirectory, groupOfSocket, openToGroup, pathOfDescriptor } from './socket-group.ts';

/**
 * Give the group of each socket search permission for the exec root, which belongs to Outboard; other closed directories are
 * only logged. Sockets in the exec root have the configured group, or the group of their socket unit.
 */
export async function grantSocketAccess(
  addresses: readonly HostAddress[],
  execRoot: string,
  logger: Logger,
): Promise<void> {
  // A deleted exec root is created again by the next start of a plugin.
  const own = await realpath(execRoot).catch(ignoreMissing);
  for (const address of addresses) {
    const path = await pathOf(address);
    const group = path === undefined ? undefined : await groupOfSocket(path);
    if (path === undefined || group === undefined) continue;
    let closed = await firstClosedDirectory(path, group);
    if (own !== undefined && closed === own && (await isForRoot(own))) {
      await openToGroup(own, group);
      closed = await firstClosedDirectory(path, group);
    }
    const facts = { socket: path, group: group.name };
    if (closed === undefined) logger.info(facts, 'members of the group may use the API');
    else {
      logger.warn(
        { ...facts, directory: closed },
        `members of the group cannot reach the socket: chgrp ${group.name} ${closed} && chmod g+x ${closed}`,
      );
    }
  }
}

/** True for the modes that Outboard sets; another mode was set by an operator and is kept. */
async function isForRoot(directory: string): Promise<boolean> {
  const { mode, uid } = await stat(directory);
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
