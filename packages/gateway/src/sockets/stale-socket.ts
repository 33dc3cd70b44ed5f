/**
 * Removes sockets on which no process listens. A socket in use and any other file are never removed.
 */
import { once } from 'node:events';
import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { OutboardError } from '@outboard/engine';

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
