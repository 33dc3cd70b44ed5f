/**
 * posix_spawn(3): starts a program without copying the page tables of this process first, as the fork(2) of
 * `node:child_process` does. In a daemon of 100 MB a fork blocks the event loop for 5 to 40 ms, and the page faults
 * that follow as long again; posix_spawn takes 1 ms.
 */
import { constants } from 'node:os';
import { bindCall, ErrnoError, type LibcArgument } from './libc.ts';

/** `POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK`. */
const resetSignals = 0x04 | 0x08;
/** `POSIX_SPAWN_SETSID`. */
const newSessionFlag = 0x80;
/** Larger than `posix_spawnattr_t`, `posix_spawn_file_actions_t` and `sigset_t` in glibc and musl. */
const structureBytes = 512;
const openReadWrite = 2; // O_RDWR
const duplicateCloseOnExec = 1030; // F_DUPFD_CLOEXEC

const initAttributes = bindCall<[Uint8Array]>('int posix_spawnattr_init(void *attributes)');
const destroyAttributes = bindCall<[Uint8Array]>('int posix_spawnattr_destroy(void *attributes)');
const setFlags = bindCall<[Uint8Array, number]>(
  'int posix_spawnattr_setflags(void *attributes, short flags)',
);
const setDefaultSignals = bindCall<[Uint8Array, Uint8Array]>(
  'int posix_spawnattr_setsigdefault(void *attributes, const void *set)',
);
const setSignalMask = bindCall<[Uint8Array, Uint8Array]>(
  'int posix_spawnattr_setsigmask(void *attributes, const void *set)',
);
const fillSignals = bindCall<[Uint8Array]>('int sigfillset(void *set)');
const emptySignals = bindCall<[Uint8Array]>('int sigemptyset(void *set)');
const initActions = bindCall<[Uint8Array]>('int posix_spawn_file_actions_init(void *actions)');
const destroyActions = bindCall<[Uint8Array]>('int posix_spawn_file_actions_destroy(void *actions)');
const addDuplicate = bindCall<[Uint8Array, number, number]>(
  'int posix_spawn_file_actions_adddup2(void *actions, int from, int to)',
);
const addOpen = bindCall<[Uint8Array, number, string, number, number]>(
  'int posix_spawn_file_actions_addopen(void *actions, int fd, const char *path, int flags, unsigned int mode)',
);
const addChangeDirectory = bindCall<[Uint8Array, string]>(
  'int posix_spawn_file_actions_addchdir_np(void *actions, const char *path)',
);
const spawn = bindCall<[Int32Array, string, Uint8Array, Uint8Array, LibcArgument, LibcArgument]>(
  'int posix_spawn(void *pid, const char *path, const void *actions, const void *attributes, const char **argv, const char **envp)',
);
const fcntl = bindCall<[number, number, number]>('int fcntl(int fd, int command, int argument)');
const close = bindCall<[number]>('int close(int fd)');
const wait = bindCall<[number, Int32Array, number]>('int waitpid(int pid, void *status, int options)');
const doNotWait = 1; // WNOHANG

/** A program to start. It inherits nothing that is not named here. */
export interface PosixSpawnRequest {
  /** Absolute path of the program. */
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Default: that of this process. */
  readonly cwd?: string | undefined;
  /** Make it the leader of a session of its own. */
  readonly newSession?: boolean | undefined;
  /** For each descriptor of the program, from 0 on, a descriptor of this process; undefined is `/dev/null`. */
  readonly descriptors: readonly (number | undefined)[];
}

/**
 * Start a program; it is running when this returns. Signals have their default actions, and only the requested
 * descriptors are open.
 * @returns its pid, which stays valid until `reap` has returned its end
 * @throws {ErrnoError} ENOENT, EACCES and other errors of execve(2)
 */
export function posixSpawn(request: PosixSpawnRequest): number {
  const attributes = Buffer.alloc(structureBytes);
  const actions = Buffer.alloc(structureBytes);
  const moved: number[] = [];
  check(initAttributes(attributes), 'posix_spawnattr_init');
  check(initActions(actions), 'posix_spawn_file_actions_init');
  try {
    describeProcess(attributes, request);
    describeFiles(actions, request, moved);
    const pid = new Int32Array(16); // larger than arrays on the V8 heap, which move
    const argv = [request.file, ...request.args, null];
    const envp = [...Object.entries(request.env).map(([name, value]) => `${name}=${value}`), null];
    check(spawn(pid, request.file, actions, attributes, argv, envp), 'posix_spawn', request.file);
    return pid[0] ?? 0;
  } finally {
    for (const descriptor of moved) close(descriptor);
    destroyActions(actions);
    destroyAttributes(attributes);
  }
}

function describeProcess(attributes: Uint8Array, { newSession = false }: PosixSpawnRequest): void {
  const signals = Buffer.alloc(structureBytes);
  // Node.js ignores SIGPIPE, and an ignored signal stays ignored across execve(2).
  check(fillSignals(signals), 'sigfillset');
  check(setDefaultSignals(attributes, signals), 'posix_spawnattr_setsigdefault');
  check(emptySignals(signals), 'sigemptyset');
  check(setSignalMask(attributes, signals), 'posix_spawnattr_setsigmask');
  check(setFlags(attributes, resetSignals | (newSession ? newSessionFlag : 0)), 'posix_spawnattr_setflags');
}

/** @param moved receives duplicated descriptors, for the caller to close */
function describeFiles(actions: Uint8Array, { descriptors, cwd }: PosixSpawnRequest, moved: number[]): void {
  for (const [target, given] of descriptors.entries()) {
    if (given === undefined) {
      check(addOpen(actions, target, '/dev/null', openReadWrite, 0), 'posix_spawn_file_actions_addopen');
      continue;
    }
    let source = given;
    if (source < descriptors.length) {
      // It would be overwritten by an earlier dup2, or keep its close-on-exec flag.
      source = check(fcntl(given, duplicateCloseOnExec, descriptors.length), 'fcntl', undefined, true);
      moved.push(source);
    }
    check(addDuplicate(actions, source, target), 'posix_spawn_file_actions_adddup2');
  }
  if (cwd !== undefined) check(addChangeDirectory(actions, cwd), 'posix_spawn_file_actions_addchdir_np');
}

/** End of a process: an exit code, or a signal. */
export type ProcessEnd =
  | { readonly code: number; readonly signal: null }
  | { readonly code: null; readonly signal: NodeJS.Signals };

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/**
 * Collect the end of a child without blocking.
 * @returns undefined while it runs
 * @throws {ErrnoError} ECHILD when it is not a child of this process
 */
export function reap(pid: number): ProcessEnd | undefined {
  const status = new Int32Array(16); // as in posixSpawn()
  const result = wait(pid, status, doNotWait);
  if (result < 0) throw new ErrnoError(-result, 'waitpid');
  if (result === 0) return undefined;
  const word = status[0] ?? 0;
  const signal = word & 0x7f;
  if (signal === 0) return { code: (word >> 8) & 0xff, signal: null };
  // Only real-time signals have no name in Node.js.
  return { code: null, signal: (signalNames.get(signal) ?? `SIG${signal}`) as NodeJS.Signals };
}

/** Check a result: these functions return the error number, not -1; `fcntl` returns a descriptor. */
function check(result: number, call: string, path?: string, isDescriptor = false): number {
  if (result < 0) throw new ErrnoError(-result, call, path);
  if (result > 0 && !isDescriptor) throw new ErrnoError(result, call, path);
  return result;
}
