/**
 * Short paths of plugins' sockets, for other programs. A socket lies in a folder that is named by the plugin's whole ID,
 * and its author chose its name: the path is soon longer than a socket's address can be. The daemon itself goes through
 * a handle on the folder and follows no link; whoever cannot do that dials the link.
 * @see unix(7), sun_path
 */
import { rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectories } from '@outboard/oci';

/** The longest path that a socket's address holds. */
export const maxSocketPathBytes = 107;

/** Enough of an ID that no two plugins ever share it. */
const idDigits = 32;

/** Where other programs find the socket of a plugin that runs. */
export function socketLinkPath(execRoot: string, id: string): string {
  return join(execRoot, 'sockets', `${id.slice(0, idDigits)}.sock`);
}

/** Whether such paths below an exec root can be dialled. */
export function areSocketLinksShort(execRoot: string): boolean {
  return Buffer.byteLength(socketLinkPath(execRoot, '0'.repeat(idDigits))) <= maxSocketPathBytes;
}

/**
 * Link to a plugin's socket, whether it is there yet or not.
 * @param socket its name in the plugin's folder
 */
export async function linkSocket(execRoot: string, id: string, socket: string): Promise<void> {
  await makeDirectories(join(execRoot, 'sockets'), { mode: 0o700 });
  const path = socketLinkPath(execRoot, id);
  await rm(path, { force: true });
  await symlink(join('..', 'plugins', id, socket), path);
}

export async function unlinkSocket(execRoot: string, id: string): Promise<void> {
  await rm(socketLinkPath(execRoot, id), { force: true });
}
