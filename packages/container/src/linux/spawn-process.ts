/**
 * Child processes with their pipes and their end, in place of `node:child_process`, which forks; see
 * `posix-spawn.ts`.
 */
import { Socket } from 'node:net';
import { withResolvers } from '@outboard/async';
import { bindCall, checkResult } from './libc.ts';
import { type ProcessEnd, posixSpawn, reap } from './posix-spawn.ts';

/** Descriptor of a child: a pipe to this process, `/dev/null`, or a descriptor of this process. */
export type StdioKind = 'pipe' | 'ignore' | number;

/** Options of `spawnProcess`. */
export interface SpawnOptions {
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** One for each descriptor, from 0 on. */
  readonly stdio: readonly StdioKind[];
  readonly cwd?: string | undefined;
  /** Make it the leader of a session of its own, so that no signal from a terminal reaches it. */
  readonly newSession?: boolean | undefined;
}

/** A child process. */
export interface SpawnedProcess {
  readonly pid: number;
  /** This process's ends of the pipes; undefined where there is none. The caller closes them. */
  readonly stdio: readonly (Socket | undefined)[];
  /** Resolves when it has ended; its pipes may still contain output. */
  readonly ended: Promise<ProcessEnd>;
  /** Send a signal; does nothing after it has ended. */
  kill(signal: NodeJS.Signals): void;
  /** Do not keep this process alive for it. */
  unref(): void;
}

const socketPair = bindCall<[number, number, number, Int32Array]>(
  'int socketpair(int domain, int type, int protocol, void *descriptors)',
);
const close = bindCall<[number]>('int close(int fd)');
const localDomain = 1; // AF_UNIX
const streamType = 1 | 0o2000000; // SOCK_STREAM | SOCK_CLOEXEC

interface Child {
  readonly resolve: (end: ProcessEnd) => void;
  isReferenced: boolean;
}

/** Children that were started here. SIGCHLD does not say which child has ended. */
const children = new Map<number, Child>();
/** Keeps the event loop alive while a child runs: a signal handler does not. */
let keepAlive: NodeJS.Timeout | undefined;
const longestTimerMs = 2 ** 31 - 1;

/**
 * Start a program; it is running when this returns.
 * @param file absolute path of the program
 * @throws {ErrnoError} when it cannot be started
 */
export function spawnProcess(file: string, args: readonly string[], options: SpawnOptions): SpawnedProcess {
  const pairs = options.stdio.map((kind) => (kind === 'pipe' ? openPair() : undefined));
  const descriptors = options.stdio.map(
    (kind, index) => pairs[index]?.theirs ?? (kind === 'ignore' ? undefined : Number(kind)),
  );
  let pid: number;
  // Registered before the start: the child may end at once.
  if (children.size === 0) process.on('SIGCHLD', reapAll);
  try {
    pid = posixSpawn({ ...options, file, args, descriptors });
  } catch (error) {
    for (const pair of pairs) if (pair !== undefined) close(pair.ours);
    stopListening();
    throw error;
  } finally {
    for (const pair of pairs) if (pair !== undefined) close(pair.theirs);
  }
  const { promise: ended, resolve } = withResolvers<ProcessEnd>();
  children.set(pid, { resolve, isReferenced: true });
  updateKeepAlive();
  return {
    pid,
    stdio: pairs.map((pair, index) =>
      pair === undefined ? undefined : new Socket({ fd: pair.ours, readable: index > 0, writable: true }),
    ),
    ended,
    kill(signal) {
      // It was not reaped yet, so the pid is still its own.
      if (children.has(pid)) process.kill(pid, signal);
    },
    unref() {
      const child = children.get(pid);
      if (child !== undefined) child.isReferenced = false;
      updateKeepAlive();
    },
  };
}

function openPair(): { readonly ours: number; readonly theirs: number } {
  const descriptors = new Int32Array(16); // larger than arrays on the V8 heap, which move
  checkResult(socketPair(localDomain, streamType, 0, descriptors), 'socketpair');
  const [ours = -1, theirs = -1] = descriptors;
  return { ours, theirs };
}

/** One signal may report several ends. */
function reapAll(): void {
  for (const [pid, { resolve }] of children) {
    const end = reap(pid);
    if (end === undefined) continue;
    children.delete(pid);
    resolve(end);
  }
  stopListening();
  updateKeepAlive();
}

function stopListening(): void {
  if (children.size === 0) process.removeListener('SIGCHLD', reapAll);
}

function updateKeepAlive(): void {
  const isNeeded = [...children.values()].some(({ isReferenced }) => isReferenced);
  if (isNeeded) keepAlive ??= setInterval(() => undefined, longestTimerMs);
  else {
    clearInterval(keepAlive);
    keepAlive = undefined;
  }
}
