/**
 * Network namespaces without a process: a mount of their file keeps them, as with `ip netns`.
 */
import { writeFile } from 'node:fs/promises';
import { OutboardError } from '@outboard/oci';
import { findBinary } from '../linux/find-binary.ts';
import { mountsAt } from '../linux/mount-table.ts';
import { runProgram } from '../linux/run-program.ts';

const timeoutMs = 30_000;

/**
 * Make a network namespace. All its interfaces are down, loopback too. Unmounting the file releases it.
 *
 * `unshare` of util-linux makes it, since no thread of this process may change its network namespace, even briefly.
 * @param path of a file that does not exist
 * @throws {OutboardError} system
 */
export async function makeNetworkNamespace(path: string): Promise<void> {
  await writeFile(path, '', { mode: 0o600, flag: 'wx' });
  const args = [`--net=${path}`, '--', await findBinary('true')];
  const { code, stderr } = await runProgram(await findBinary('unshare'), args, { timeoutMs });
  if (code === 0) return;
  throw new OutboardError('system', `cannot make a network namespace: ${stderr.trim().slice(0, 1024)}`);
}

/** True when a file holds a namespace; after a reboot it is an empty file. */
export async function isNetworkNamespace(path: string): Promise<boolean> {
  return (await mountsAt(path)).some(({ fileSystem }) => fileSystem === 'nsfs');
}
