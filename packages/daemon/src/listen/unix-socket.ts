/**
 * Readies the place of the API's unix socket and opens it to root and one group. A live socket is never taken away.
 */
import { once } from 'node:events';
import { chmodSync, chownSync } from 'node:fs';
import { lstat, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { OutboardError } from '@outboard/engine';
import { makeSocketDirectories, type SocketGroup } from './socket-group.ts';

/**
 * Listen on a unix socket with mode 0660, owned by root and a group, which may pass the folders that are made for it.
 * @param group default root's
 * @throws {OutboardError} conflict when another process listens there; invalid when something else lies there
 */
export async function listenOnUnixSocket(server: Server, path: string, group?: SocketGroup): Promise<void> {
  await makeSocketDirectories(path, group);
  await removeStaleSocket(path);
  // The umask holds for the moment of bind() only, which happens within listen(): no one else can connect before chmod.
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
 * Remove a socket that no process listens on any more.
 * @throws {OutboardError} conflict when a process does; invalid when something else lies there
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(ignoreMissing);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new OutboardError(
      'invalid',
      `cannot listen on ${JSON.stringify(path)}: a file that is no socket lies there`,
    );
  }
  if (await hasListener(path)) {
    throw new OutboardError(
      'conflict',
      `cannot listen on ${JSON.stringify(path)}: another process listens there`,
    );
  }
  // Only the very socket that proved dead: one that was made meanwhile has another inode.
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
