/**
 * Network bridges of the kernel: their marks and their removal.
 * @see netdevice(7); Linux net/bridge/br_ioctl.c
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { OutboardError } from '@outboard/oci';
import { errorCode } from './errno.ts';
import { bindCall, checkResult } from './libc.ts';

const socketCall = bindCall<[number, number, number]>('int socket(int domain, int type, int protocol)');
const ioctlCall = bindCall<[number, number, Uint8Array]>(
  'int ioctl(int fd, unsigned long request, void *argument)',
);
const closeCall = bindCall<[number]>('int close(int fd)');
const internetDomain = 2; // AF_INET
const datagramType = 2 | 0o2000000; // SOCK_DGRAM | SOCK_CLOEXEC
const setInterfaceFlags = 0x8914; // SIOCSIFFLAGS
const deleteBridge = 0x89a1; // SIOCBRDELBR
/**
 * Size of `struct ifreq` and spare: a name of at most 15 bytes, then a union in which zero flags take the interface
 * down. V8 may move buffers of up to 64 bytes.
 */
const requestBytes = 128;

/**
 * True for a valid name of a bridge.
 * @see Linux net/core/dev.c, dev_valid_name
 */
export function isInterfaceName(name: string): boolean {
  return /^[a-zA-Z0-9][\w.-]{0,14}$/.test(name);
}

/** Interfaces on a bridge; undefined when there is no such bridge. */
async function bridgePorts(name: string): Promise<readonly string[] | undefined> {
  try {
    return await readdir(`/sys/class/net/${name}/brif`);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** True when an interface of this name exists and is a bridge. */
export async function bridgeExists(name: string): Promise<boolean> {
  return (await bridgePorts(name)) !== undefined;
}

/** Mark a bridge for `removeIdleBridge`. @throws {Error} when it is gone */
export async function markBridge(name: string, mark: string): Promise<void> {
  await writeFile(`/sys/class/net/${name}/ifalias`, mark);
}

/**
 * Remove a bridge with this mark and no interfaces; otherwise do nothing.
 * @throws {OutboardError} system
 */
export async function removeIdleBridge(name: string, mark: string): Promise<void> {
  const ports = await bridgePorts(name);
  if (ports === undefined || ports.length > 0) return;
  if ((await readFile(`/sys/class/net/${name}/ifalias`, 'utf8')).trim() !== mark) return;
  const socket = checkResult(socketCall(internetDomain, datagramType, 0), 'socket');
  try {
    const request = Buffer.alloc(requestBytes);
    request.write(name, 'latin1');
    checkResult(ioctlCall(socket, setInterfaceFlags, request), 'ioctl SIOCSIFFLAGS', name);
    checkResult(ioctlCall(socket, deleteBridge, request), 'ioctl SIOCBRDELBR', name);
  } catch (cause) {
    // Removed by someone else at the same time.
    if (errorCode(cause) === 'ENODEV' || errorCode(cause) === 'ENXIO') return;
    throw new OutboardError('system', `cannot remove bridge "${name}"`, { cause });
  } finally {
    closeCall(socket);
  }
}
