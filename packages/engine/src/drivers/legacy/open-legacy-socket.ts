/**
 * Opens sockets of legacy plugins, which are anywhere on the host and may be links.
 */
import type { Cancellable } from '@outboard/async';
import { createHostFiles, isErrno } from '@outboard/container';
import type { OpenedSocket } from '@outboard/protocol';

/** Time for a file system to answer in milliseconds: a list asks it once more than its own limit. */
const idleMs = 2_000;

/**
 * Open a handle; links are followed. A file system that may never answer is looked at by a child process first.
 * @throws {OutboardError} unavailable, when the file system does not answer; system errors; the reason of the signal
 */
export async function openLegacySocket(
  path: string,
  { signal }: Cancellable,
): Promise<OpenedSocket | 'absent'> {
  try {
    const { handle, type } = await createHostFiles({ signal, idleMs }).openHandle(path);
    return { descriptor: handle.fd, isSocket: type === 'socket', close: () => handle.close() };
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return 'absent';
    throw error;
  }
}
