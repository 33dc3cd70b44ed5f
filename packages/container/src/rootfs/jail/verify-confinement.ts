/**
 * Verifies the confinement of a jail's child, before the parent sends a byte of a layer: root, working directory,
 * namespaces and capabilities of every thread, those of V8 and libuv included, and the shared descriptors.
 */
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { OutboardError } from '@outboard/oci';
import { errorCode } from '../../linux/errno.ts';
import { unpackingCapabilities } from './unpacking-capabilities.ts';

const namespaces = ['mnt', 'net', 'ipc'] as const;
/**
 * Fields of `/proc/PID/task/TID/status`. Without the bounding set, from which only an executed program could gain.
 */
const capabilitySets = ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'] as const;

/** Identity of the directory that must be the root of the process. */
export interface DirectoryIdentity {
  readonly dev: number;
  readonly ino: number;
}

/**
 * Verify every thread of a process, until there is no new one. A new thread is created by a verified one, and has no
 * more rights.
 * @param pid of a child of this process that was not reaped
 * @throws {OutboardError} system, naming the thread and what it can still reach
 */
export async function verifyConfinement(pid: number, root: DirectoryIdentity): Promise<void> {
  const descriptors = await readdir(`/proc/${pid}/fd`);
  await Promise.all(descriptors.map((descriptor) => verifyDescriptor(pid, descriptor)));
  const own = await namespacesOf('/proc/self');
  const verified = new Set<string>();
  for (;;) {
    const threads = (await readdir(`/proc/${pid}/task`)).filter((thread) => !verified.has(thread));
    if (threads.length === 0) return;
    await Promise.all(threads.map((thread) => verifyThread(pid, thread, { root, own })));
    for (const thread of threads) verified.add(thread);
  }
}

/** Refuse files and directories, which lead to others; pipes, sockets, `/dev/null` and anonymous files do not. */
async function verifyDescriptor(pid: number, descriptor: string): Promise<void> {
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
    if (errorCode(error) !== 'ENOENT') throw error; // closed between the two calls
  }
}

interface Wanted {
  readonly root: DirectoryIdentity;
  /** Namespaces of this process, which the thread must not share. */
  readonly own: readonly string[];
}

async function verifyThread(pid: number, thread: string, { root, own }: Wanted): Promise<void> {
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
    // A thread may end between two calls; the main one exists as long as the process.
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

/** Namespaces of a thread, such as `net:[4026531840]`. */
function namespacesOf(directory: string): Promise<string[]> {
  return Promise.all(namespaces.map((kind) => readlink(`${directory}/ns/${kind}`)));
}

function isSame(seen: DirectoryIdentity, wanted: DirectoryIdentity): boolean {
  return seen.dev === wanted.dev && seen.ino === wanted.ino;
}

function unconfined(thread: string, why: string): OutboardError {
  return new OutboardError('system', `the unpack jail is open: of its thread ${thread}, ${why}`);
}
