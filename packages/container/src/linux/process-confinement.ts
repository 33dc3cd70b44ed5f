/**
 * Restricts the calling process: capabilities, privileges on exec, core dumps, CPU time, death with its parent.
 */
import { constants } from 'node:os';
import { bindCall, checkResult, ErrnoError } from './libc.ts';

/** Numbers from `<linux/capability.h>`. */
export const capabilities = {
  chown: 0,
  dacOverride: 1,
  fowner: 3,
  fsetid: 4,
  setuid: 7,
  mknod: 27,
  setfcap: 31,
} as const;

/** Options of prctl(2), and numbers of signals. */
const setParentDeathSignal = 1;
const setDumpable = 4;
const keepPermitted = 8; // PR_SET_KEEPCAPS, for the calling thread alone
const setNoNewPrivileges = 38;
const killSignal = 9;
/** The user `nobody`, who owns no files. */
const nobody = 65_534;
/** RLIMIT_CPU and RLIMIT_CORE. */
const cpuLimit = 0;
const coreLimit = 4;

const prctl = bindCall<[number, number, number, number, number]>(
  'int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)',
);
const capset = bindCall<[Uint32Array, Uint32Array]>('int capset(const void *header, const void *data)');
/** Applied to all threads by the C library, as POSIX demands: the kernel call changes one thread only. */
const setUserOfAllThreads = bindCall<[number, number, number]>(
  'int setresuid(uint32_t real, uint32_t effective, uint32_t saved)',
);
/** For the calling thread only. @returns the previous ID, also after a failure */
const setFileUser = bindCall<[number]>('int setfsuid(uint32_t uid)');
const setrlimit = bindCall<[number, BigUint64Array]>('int setrlimit(int resource, const void *limit)');

/**
 * Keep some capabilities on the calling thread; every other thread loses all of them, whatever created it and
 * whenever (V8's workers, libuv's pool, the inspector). None can be regained, not even by executing a program. The
 * user becomes nobody, but files that the calling thread creates still belong to root.
 * @throws {ErrnoError}
 */
export function keepCapabilities(kept: readonly number[]): void {
  checkResult(prctl(setNoNewPrivileges, 1, 0, 0, 0), 'prctl PR_SET_NO_NEW_PRIVS');
  checkResult(prctl(keepPermitted, 1, 0, 0, 0), 'prctl PR_SET_KEEPCAPS');
  checkResult(setUserOfAllThreads(nobody, nobody, nobody), 'setresuid');
  setCapabilities([...kept, capabilities.setuid]);
  setFileUser(0);
  if (setFileUser(0) !== 0) throw new ErrnoError(constants.errno.EPERM, 'setfsuid');
  setCapabilities(kept);
}

function setCapabilities(kept: readonly number[]): void {
  checkResult(capset(capabilityHeader(), capabilitySets(kept)), 'capset');
}

/** Kill this process when the thread that started it ends. A change of user resets this: call it afterwards. */
export function dieWithParent(): void {
  checkResult(prctl(setParentDeathSignal, killSignal, 0, 0, 0), 'prctl PR_SET_PDEATHSIG');
}

/** Disable core dumps, and ptrace by unprivileged processes. @throws {ErrnoError} */
export function forbidDumps(): void {
  checkResult(prctl(setDumpable, 0, 0, 0, 0), 'prctl PR_SET_DUMPABLE');
  checkResult(setrlimit(coreLimit, new BigUint64Array(2)), 'setrlimit');
}

/** Limit the CPU time of all threads together; beyond it the kernel sends SIGXCPU. @throws {ErrnoError} */
export function limitCpuTime(seconds: number): void {
  // The hard limit is higher: it sends SIGKILL, which would hide the reason.
  checkResult(setrlimit(cpuLimit, BigUint64Array.of(BigInt(seconds), BigInt(seconds + 5))), 'setrlimit');
}

/** `struct __user_cap_header_struct`: version 3, the calling thread. */
function capabilityHeader(): Uint32Array {
  return Uint32Array.of(0x20080522, 0);
}

/** Two `struct __user_cap_data_struct`: effective, permitted, inheritable for capabilities 0-31, then for 32-63. */
function capabilitySets(kept: readonly number[]): Uint32Array {
  const words = [0, 0];
  for (const number of kept) {
    const word = number >> 5;
    words[word] = (words[word] ?? 0) | (1 << (number & 31));
  }
  const [low = 0, high = 0] = words;
  return Uint32Array.of(low, low, 0, high, high, 0);
}
