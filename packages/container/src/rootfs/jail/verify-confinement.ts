/**
 * The proof that a jail's child is shut in, taken by the parent before it sends a byte of a layer: for every thread of
 * the child, V8's and libuv's own too, its root, its working directory, its namespaces and its capabilities; and the
 * descriptors that they share.
 */
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { OutboardError } from '@outboard/oci';
import { errorCode } from '../../linux/errno.ts';
import { unpackingCapabilities } from './unpacking-capabilities.ts';

const namespaces = ['mnt', 'net', 'ipc'] as const;
/** Of `/proc/PID/task/TID/status`. All but the bounding set, out of which only a program that is run could take. */
const capabilitySets = ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'] as const;

/** The directory that has to be the whole file system of a process. */
export interface DirectoryIdentity {
  readonly dev: number;
  readonly ino: number;
}

/**
 * Look at every thread of a process until none is new. A thread made later is made by one of them, and has no more.
 * @param pid of a child of this process that was not waited for
 * @throws {OutboardError} system, naming the thread and what it can still reach
 */
export async function verifyConfinement(pid: number, root: DirectoryIdentity): Promise<void> {
  const descriptors = await readdir(`/proc/${pid}/fd`);
  await Promise.all(descriptors.map((descriptor) => proveDescriptor(pid, descriptor)));
  const own = await namespacesOf('/proc/self');
  const proven = new Set<string>();
  for (;;) {
    const threads = (await readdir(`/proc/${pid}/task`)).filter((thread) => !proven.has(thread));
    if (threads.length === 0) return;
    await Promise.all(threads.map((thread) => proveThread(pid, thread, { root, own })));
    for (const thread of threads) proven.add(thread);
  }
}

/** Files and directories lead to others; pipes, sockets, `/dev/null` and what has no name do not. */
async function proveDescriptor(pid: number, descriptor: string): Promise<void> {
  const link = `/proc/${pid}/fd/${descriptor}`;
  try {
    const target = await readlink(link);
    if (!target.startsWith('/')) return;
    const status = await stat(link);
    if (status.isCharacterDevice()) return;
    throw new OutboardError(
      'system',
      `the unpack jail is open: its descriptor ${descriptor} is ${JSON.stringify(target)}`,
    );
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error; // closed between the two looks
  }
}

interface Wanted {
  readonly root: DirectoryIdentity;
  /** Namespaces of this process, which the thread must not be in. */
  readonly own: readonly string[];
}

async function proveThread(pid: number, thread: string, { root, own }: Wanted): Promise<void> {
  const isMain = thread === String(pid);
  const directory = `/proc/${pid}/task/${thread}`;
  try {
    const [rootSeen, cwdSeen, joined, status] = await Promise.all([
      stat(`${directory}/root`),
      stat(`${directory}/cwd`),
      namespacesOf(directory),
      readFile(`${directory}/status`, 'latin1'),
    ]);
    if (!isSame(rootSeen, root)) throw unconfined(thread, 'its root is not the staging directory');
    if (!isSame(cwdSeen, root))
      throw unconfined(thread, 'its working directory is not the staging directory');
    const shared = joined.find((namespace) => own.includes(namespace));
    if (shared !== undefined) throw unconfined(thread, `it is in the host's ${shared}`);
    requireCapabilities(thread, status, isMain ? unpackingCapabilities : []);
  } catch (error) {
    // A thread may end between two looks; the main one is there as long as the process.
    if (!isMain && ['ENOENT', 'ESRCH'].includes(errorCode(error) ?? '')) return;
    throw error;
  }
}

function requireCapabilities(thread: string, status: string, allowed: readonly number[]): void {
  const most = allowed.reduce((set, capability) => set | (1n << BigInt(capability)), 0n);
  for (const name of capabilitySets) {
    const digits = new RegExp(`^${name}:\\s+([0-9a-f]+)$`, 'm').exec(status)?.[1];
    const excess = digits === undefined ? undefined : BigInt(`0x${digits}`) & ~most;
    if (excess !== 0n) throw unconfined(thread, `its ${name} is ${digits}, want ${most.toString(16)}`);
  }
}

/** Such as `net:[4026531840]`. */
function namespacesOf(directory: string): Promise<string[]> {
  return Promise.all(namespaces.map((kind) => readlink(`${directory}/ns/${kind}`)));
}

function isSame(seen: DirectoryIdentity, wanted: DirectoryIdentity): boolean {
  return seen.dev === wanted.dev && seen.ino === wanted.ino;
}

function unconfined(thread: string, why: string): OutboardError {
  return new OutboardError('system', `the unpack jail is open: of its thread ${thread}, ${why}`);
}
