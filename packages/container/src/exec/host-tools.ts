/**
 * Tools for a command in a container that lacks them: the programs of the host's static busybox, in a read-only file system
 * of their own that is mounted nowhere. The command and its children hold it by a descriptor, no other process sees it, and
 * it is gone with the last of them. Its root has no parent directory, so that no path leads from it to the host.
 * @see proc(5), /proc/pid/fd; runc-exec(8), --preserve-fds
 */
import { constants, openSync } from 'node:fs';
import { chmod, copyFile, mkdir, open, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { OutboardError } from '@outboard/oci';
import { findBinary } from '../linux/find-binary.ts';
import { mount, mountFlags, unmount, unmountFlags } from '../linux/mount.ts';
import { programEnvironment, runProgram } from '../linux/run-program.ts';
import { parseProgramHeader, programHeaderBytes } from '../rootfs/program-header.ts';
import { toolsMountPoint } from './exec-directory.ts';

/** Path of the tools inside the container, for the command that got the descriptor as number 3, and its children. */
export const toolsDirectory = '/proc/self/fd/3';

const timeoutMs = 10_000;
const maxTools = 1000;
const safely = mountFlags.noSuid | mountFlags.noDevices;

/**
 * Open the tools.
 * @param directory of the command, where they are mounted for a moment
 * @returns a descriptor that the caller closes
 * @throws {OutboardError} system with code `program-missing` when the host has no static busybox
 */
export async function openHostTools(directory: string): Promise<number> {
  const busybox = await findStaticBusybox();
  const names = await listTools(busybox);
  const place = join(directory, toolsMountPoint);
  await mkdir(place, { mode: 0o700 });
  mount('tmpfs', place, safely, { type: 'tmpfs', data: 'mode=0755' });
  try {
    await copyFile(busybox, join(place, 'busybox'));
    await chmod(join(place, 'busybox'), 0o755);
    for (const name of names) await symlink('busybox', join(place, name));
    mount('tmpfs', place, mountFlags.remount | mountFlags.readOnly | safely);
    return openSync(place, constants.O_RDONLY | constants.O_DIRECTORY);
  } finally {
    unmount(Buffer.from(place), unmountFlags.detach);
  }
}

async function findStaticBusybox(): Promise<string> {
  const path = await findBinary('busybox');
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(programHeaderBytes), 0, programHeaderBytes, 0);
  const header = parseProgramHeader(buffer.subarray(0, bytesRead));
  if (header.kind === 'elf' && header.loader === undefined) return path;
  throw new OutboardError(
    'system',
    `"${path}" needs shared libraries, which the container may lack: install the Debian package "busybox-static"`,
    { code: 'program-missing', details: { program: 'busybox' } },
  );
}

/** Names of the programs that this busybox contains. */
async function listTools(busybox: string): Promise<readonly string[]> {
  const { stdout } = await runProgram(busybox, ['--list'], { timeoutMs, env: programEnvironment() });
  const names = stdout.split('\n').filter((name) => /^[\w.[\]-]+$/.test(name) && name !== 'busybox');
  return names.slice(0, maxTools);
}
