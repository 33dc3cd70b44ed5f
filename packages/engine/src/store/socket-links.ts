/**
 * Short links to plugins' sockets, for other programs. The path of a socket holds the plugin's whole ID and a name that
 * its author chose, and may be longer than a socket address allows. The daemon itself opens the directory and follows no
 * link.
 * @see unix(7), sun_path
 */
import { rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectories } from '@outboard/oci';

/** Upper bound on the path in a socket address, in bytes. */
export const maxSocketPathBytes = 107;

/** Digits of the ID in a link; no two plugins share as many. */
const idDigits = 32;

/** Path of the link to a plugin's socket. */
export function socketLinkPath(execRoot: string, id: string): string {
  return join(execRoot, 'sockets', `${id.slice(0, idDigits)}.sock`);
}

/** True if links below the exec root are short enough for a socket address. */
export function areSocketLinksShort(execRoot: string): boolean {
  return Buffer.byteLength(socketLinkPath(execRoot, '0'.repeat(idDigits))) <= maxSocketPathBytes;
}

/**
 * Link to a plugin's socket, whether it is there yet or not.
 * @param socket its name in the plugin's socket directory
 */
export async function linkSocket(execRoot: string, id: string, socket: string): Promise<void> {
  await makeDirectories(join(execRoot, 'sockets'), { mode: 0o700 });
  const path = socketLinkPath(execRoot, id);
  await rm(path, { force: true });
  await symlink(join('..', 'plugins', id, socket), path);
}

/** Remove the link, if any. */
export async function unlinkSocket(execRoot: string, id: string): Promise<void> {
  await rm(socketLinkPath(execRoot, id), { force: true });
}
