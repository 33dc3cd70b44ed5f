/**
 * Opens sockets of managed plugins. The plugin can write the directory and may replace the socket by a link to another socket
 * of the host, a FIFO or a device: no link is followed. A file system that was mounted over the directory is not entered,
 * since it may never answer; the plugin is restarted with another directory then.
 */
import { closeSync, fstatSync } from 'node:fs';
import type { Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import type { Cancellable } from '@outboard/async';
import { openBelow } from '@outboard/container';
import { OutboardError } from '@outboard/oci';
import { connectSocket, type OpenedSocket } from '@outboard/protocol';

/**
 * Open a handle; its file system is that of the exec root, which answers.
 * @param path in a directory of its own, in the directory of all plugins' sockets
 * @throws {OutboardError} unavailable, when a file system is mounted there; system errors
 */
export function openPluginSocket(path: string): OpenedSocket | 'absent' {
  const directory = dirname(path);
  const descriptor = openBelow(dirname(directory), join(basename(directory), basename(path)));
  if (descriptor === 'absent') return descriptor;
  if (descriptor === 'mount') {
    throw new OutboardError('unavailable', 'a file system is mounted over it or its directory: unmount it');
  }
  const close = () => closeSync(descriptor);
  try {
    return { descriptor, isSocket: fstatSync(descriptor).isSocket(), close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Connect to the socket of a managed plugin. @throws as `connectSocket` of the protocol */
export function connectPluginSocket(path: string, { signal }: Cancellable): Promise<Socket> {
  return connectSocket(path, { signal, open: openPluginSocket });
}
