/**
 * Starts a command among the programs of the host, in the namespaces of a running container, for containers without a shell:
 * a container of its own that the OCI runtime runs in the foreground, below the cgroup of the other one.
 * @see runc-run(8)
 */
import { existsSync } from 'node:fs';
import { lstat, mkdir, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isErrno } from '../linux/errno.ts';
import { type CommandPlace, type ExecDeps, type ExecTarget, runInPlace } from './command-place.ts';
import { createDebugSpec, rootInside } from './debug-spec.ts';
import { createExecProcess } from './exec-process.ts';
import type { DebugRequest, ExecSession } from './exec-session.ts';
import { pidFile } from './launch-command.ts';
import { withholdControllers } from './withheld-controllers.ts';

/** Directories with programs and their libraries; those that are links are links in the debug container too. */
const programDirectories = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];
/** Files that programs need, none of them secret. */
const neededFiles = [
  ...['/etc/alternatives', '/etc/ld.so.cache', '/etc/ld.so.conf', '/etc/ld.so.conf.d', '/etc/localtime'],
  ...['/etc/group', '/etc/nsswitch.conf', '/etc/passwd', '/etc/protocols', '/etc/services', '/etc/terminfo'],
];

/**
 * Start a command and return when it runs; without one a shell.
 * @param signal kills it, at any time
 * @throws {OutboardError} as `startExec`
 */
export async function startDebug(
  deps: ExecDeps,
  target: ExecTarget,
  request: DebugRequest,
  signal: AbortSignal,
): Promise<ExecSession> {
  const prepare = async ({ directory, spec, runtime }: CommandPlace) => {
    const command = request.command.length > 0 ? request.command : [findShell()];
    const wanted = { ...request, command, workingDirectory: request.workingDirectory ?? '/' };
    const user = { uid: 0, gid: 0, additionalGids: [] };
    const process = createExecProcess(spec.process, wanted, user);
    const rootfs = join(directory, 'rootfs');
    const hostPaths = await makeRoot(rootfs);
    await symlink(rootInside(spec, target.pid), join(rootfs, request.rootName));
    const cgroupsPath = join(target.cgroupPath, basename(directory));
    const debug = createDebugSpec(spec, process, { pid: target.pid, cgroupsPath, rootfs, hostPaths });
    await writeFile(join(directory, 'config.json'), JSON.stringify(debug), { mode: 0o600, flag: 'wx' });
    // Its state is beside its bundle, so that nothing of it is left when the directory is removed.
    const place = [`--root=${join(directory, 'state')}`, 'run', `--bundle=${directory}`];
    const run = [...place, `--pid-file=${join(directory, pidFile)}`, basename(directory)];
    return { command: await withholdControllers(target.cgroupPath, [runtime, ...run]), request };
  };
  return await runInPlace(deps, target, prepare, signal);
}

function findShell(): string {
  return existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh';
}

/** Make the root filesystem. @returns paths of the host to bind there */
async function makeRoot(rootfs: string): Promise<readonly string[]> {
  await mkdir(rootfs, { mode: 0o755 });
  const bound: string[] = [];
  for (const path of programDirectories) {
    const link = await linkAt(path);
    if (link !== undefined) await symlink(link, join(rootfs, path));
    else if (await exists(path)) bound.push(path);
  }
  for (const path of neededFiles) if (await exists(path)) bound.push(path);
  return bound;
}

async function linkAt(path: string): Promise<string | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : undefined;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}
