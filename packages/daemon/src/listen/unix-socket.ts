/**
 * Listens on a unix socket for root and one group. A socket in use is never removed.
 */
import { once } from 'node:events';
import { chmodSync, chownSync } from 'node:fs';
import type { Server } from 'node:net';
import { removeStaleSocket } from '@outboard/gateway';
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
