/**
 * What a process may still do: capabilities, privileges on exec, core dumps, death with its parent.
 */
import { bindAsyncCall, bindCall, checkResult } from './libc.ts';

/** Numbers of `<linux/capability.h>`. */
export const capabilities = {
  chown: 0,
  dacOverride: 1,
  fowner: 3,
  fsetid: 4,
  mknod: 27,
  setfcap: 31,
} as const;

/** Numbers of prctl(2) and of signals. */
const setParentDeathSignal = 1;
const setDumpable = 4;
const setNoNewPrivileges = 38;
const killSignal = 9;
/** RLIMIT_CORE. */
const coreLimit = 4;

const prctlDefinition =
  'int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)';
const capsetDefinition = 'int capset(const void *header, const void *data)';
const prctl = bindCall<[number, number, number, number, number]>(prctlDefinition);
const prctlOnPoolThread = bindAsyncCall<[number, number, number, number, number]>(prctlDefinition);
const capset = bindCall<[Uint32Array, Uint32Array]>(capsetDefinition);
const capsetOnPoolThread = bindAsyncCall<[Uint32Array, Uint32Array]>(capsetDefinition);
const setrlimit = bindCall<[number, BigUint64Array]>('int setrlimit(int resource, const void *limit)');

/**
 * Keep only some capabilities on the calling thread; they cannot be regained, not even by running a program.
 * @throws {ErrnoError}
 */
export function keepCapabilities(kept: readonly number[]): void {
  checkResult(prctl(setNoNewPrivileges, 1, 0, 0, 0), 'prctl PR_SET_NO_NEW_PRIVS');
  checkResult(capset(capabilityHeader(), capabilitySets(kept)), 'capset');
}

/** Drop every capability of one pool thread: all of them when the pool has one. @throws {ErrnoError} */
export async function dropPoolThreadCapabilities(): Promise<void> {
  checkResult(await prctlOnPoolThread(setNoNewPrivileges, 1, 0, 0, 0), 'prctl PR_SET_NO_NEW_PRIVS');
  checkResult(await capsetOnPoolThread(capabilityHeader(), capabilitySets([])), 'capset');
}

/** Be killed when the thread that started this process ends. Raising privileges undoes it; dropping them does not. */
export function dieWithParent(): void {
  checkResult(prctl(setParentDeathSignal, killSignal, 0, 0, 0), 'prctl PR_SET_PDEATHSIG');
}

/** Write no core file, and let no unprivileged process look inside. @throws {ErrnoError} */
export function forbidDumps(): void {
  checkResult(prctl(setDumpable, 0, 0, 0, 0), 'prctl PR_SET_DUMPABLE');
  checkResult(setrlimit(coreLimit, new BigUint64Array(2)), 'setrlimit');
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
