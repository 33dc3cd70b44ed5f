/**
 * Listens on a unix socket for root and one group. A socket in use is never removed.
 */
import { once } from 'node:events';
import { chmodSync, chownSync } from 'node:fs';
import { lstat, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { OutboardError } from '@outboard/engine';
import { makeSocketDirectories, type SocketGroup } from './socket-group.ts';

/**
 * Listen on a unix socket with mode 0660, owned by root and a group. Missing parent directories are created for them.
 * @param group default: the group of root
 * @throws {OutboardError} conflict if another process listens there; invalid if the path is another kind of file
 */
export async function listenOnUnixSocket(server: Server, path: string, group?: SocketGroup): Promise<void> {
  await makeSocketDirectories(path, group);
  await removeStaleSocket(path);
  // bind() happens inside listen(): the umask denies connections before chmod, and is changed for this call only.
  const before = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(before);
  }
  await once(server, 'listening');
  if (group !== undefined) chownSync(path, 0, group.gid);
  chmodSync(path, 0o660);
}

/**
 * Remove a socket on which no process listens.
 * @throws {OutboardError} conflict if a process does; invalid if the path is another kind of file
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(ignoreMissing);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new OutboardError('invalid', `cannot listen on ${JSON.stringify(path)}: the path is not a socket`);
  }
  if (await hasListener(path)) {
    throw new OutboardError(
      'conflict',
      `cannot listen on ${JSON.stringify(path)}: another process listens there`,
    );
  }
  // Only the socket that was checked: one that was created meanwhile has another inode.
  const again = await lstat(path).catch(ignoreMissing);
  if (again?.ino === found.ino) await unlink(path).catch(ignoreMissing);
}

async function hasListener(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ECONNREFUSED' || code === 'ENOENT') return false;
    // A full backlog is a listener too.
    if (code === 'EAGAIN') return true;
    throw new OutboardError('system', `cannot examine the socket ${JSON.stringify(path)}`, { cause });
  } finally {
    socket.destroy();
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
