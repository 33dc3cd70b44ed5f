/**
 * Mounts with sshfs.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { VolumeOptions } from './volume-options.ts';

const run = promisify(execFile);

/** Upper bound of one program, in milliseconds. */
const timeoutMs = 30_000;

/** Only a server that the operator knows is asked, and nobody is there to answer a question. */
const mountOptions = [
  'allow_other',
  'default_permissions',
  'reconnect',
  'BatchMode=yes',
  'StrictHostKeyChecking=yes',
  'ConnectTimeout=10',
  'ServerAliveInterval=15',
  'ServerAliveCountMax=3',
].join(',');

/** Mount a directory of another host. @throws {Error} with the words of sshfs */
export async function mountSshfs(
  { sshcmd, port }: VolumeOptions,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  // It goes on in the background once the mount is there.
  await runProgram('sshfs', ['-p', String(port), '-o', mountOptions, sshcmd, target], signal);
}

/** Unmount, also when the connection is dead. Nothing happens when nothing is mounted. */
export async function unmountSshfs(target: string, signal: AbortSignal): Promise<void> {
  while (await isMountPoint(target)) {
    await runProgram('fusermount3', ['-u', '-z', target], signal);
  }
}

/** True if something is mounted at a path; found without touching it, because a dead mount makes every access wait or fail. */
export async function isMountPoint(path: string): Promise<boolean> {
  const table = await readFile('/proc/self/mountinfo', 'utf8');
  return table.split('\n').some((line) => line.split(' ')[4] === path);
}

async function runProgram(program: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  try {
    await run(program, [...args], { timeout: timeoutMs, signal });
  } catch (error) {
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new Error(`${program}: ${output === '' ? String(error) : output}`, { cause: error });
  }
}
