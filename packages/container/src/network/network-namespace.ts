/**
 * Network namespaces that exist without a process: held by a mount of their file, like those of `ip netns`.
 */
import { writeFile } from 'node:fs/promises';
import { OutboardError } from '@outboard/oci';
import { findBinary } from '../linux/find-binary.ts';
import { mountsAt } from '../linux/mount-table.ts';
import { runProgram } from '../linux/run-program.ts';

const timeoutMs = 30_000;

/**
 * Make a network namespace. Everything in it is down, loopback too. Unmounting the file lets go of it.
 *
 * By `unshare` of util-linux: this process's own threads must not change their network, even for a moment.
 * @param path of a file that is absent
 * @throws {OutboardError} system
 */
export async function makeNetworkNamespace(path: string): Promise<void> {
  await writeFile(path, '', { mode: 0o600, flag: 'wx' });
  const args = [`--net=${path}`, '--', await findBinary('true')];
  const { code, stderr } = await runProgram(await findBinary('unshare'), args, { timeoutMs });
  if (code === 0) return;
  throw new OutboardError('system', `cannot make a network namespace: ${stderr.trim().slice(0, 1024)}`);
}

/** Whether a file is one that holds a namespace; after a reboot it is an empty file. */
export async function isNetworkNamespace(path: string): Promise<boolean> {
  return (await mountsAt(path)).some(({ fileSystem }) => fileSystem === 'nsfs');
}
