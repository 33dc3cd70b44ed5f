/**
 * Reads the status of paths whose file system may never answer, such as NFS or FUSE without its server. A system call on
 * such a path blocks in the kernel, and four of them would block every thread that this process has for files. Each
 * probe is therefore left to a short-lived child process, which is killed at the deadline, and abandoned when the kill
 * has no effect either. A path on a file system of this host is looked at directly, which costs a fraction; see
 * `direct-look.ts`.
 */
import { type Cancellable, joinSignals, resolveOnAbort, settlesWithin } from '@outboard/async';
import { createDirectLook } from './direct-look.ts';
import type { FileStatus, ProbeResult } from './file-status.ts';
import { findBinary } from './find-binary.ts';
import { createLocalPaths, type LocalPaths } from './local-paths.ts';
import { createProbeDeadline, type ProbeDeadline, type ProbeDeadlineOptions } from './probe-deadline.ts';
import { type ProgramResult, programEnvironment, readOutput } from './run-program.ts';
import { type SpawnedProcess, spawnProcess } from './spawn-process.ts';

/** Free space of a file system. */
export interface FileSystemSpace {
  readonly freeBytes: number;
  /** Free inodes; undefined where the file system allocates them as needed. */
  readonly freeFiles: number | undefined;
}

/**
 * Probes of one operation. They share one deadline: after it expired, every probe is `unreachable` at once.
 * All paths are absolute. Every method rejects with the reason of the signal when that aborts.
 */
export interface FileSystemProbe {
  status(path: string, options: { readonly followLinks: boolean }): Promise<ProbeResult<FileStatus>>;
  /**
   * Type and permission bits of several files of one file system, links not followed. Files that cannot be read are left
   * out.
   * @returns undefined when the file system does not answer
   */
  modes(paths: readonly string[]): Promise<readonly number[] | undefined>;
  /** Path with all links resolved. */
  realPath(path: string): Promise<ProbeResult<string>>;
  /** Target of a symbolic link, unresolved. */
  link(path: string): Promise<ProbeResult<string>>;
  /** Space of the file system that holds the path. */
  space(path: string): Promise<ProbeResult<FileSystemSpace>>;
}

/** Options of `createFileSystemProbe`. */
export interface FileSystemProbeOptions extends Cancellable, ProbeDeadlineOptions {
  /** Tells which paths can be looked at directly; default by the mounts of this moment. */
  readonly paths?: LocalPaths | undefined;
}

/** @param options default: no signal, and the deadline of `ProbeDeadlineOptions` */
export function createFileSystemProbe(options: FileSystemProbeOptions = {}): FileSystemProbe {
  const { signal, paths = createLocalPaths() } = options;
  const limits = { deadline: createProbeDeadline(options), signal };
  const direct = createDirectLook(paths, signal);
  return {
    status: async (path, { followLinks }) =>
      (await direct.status(path, followLinks)) ??
      probe('stat', [...(followLinks ? ['-L'] : []), '-c', '%f %t %T %u %g', path], parseStatus, limits),
    async modes(paths) {
      const answer = await ask(await findBinary('stat'), ['-c', '%f', ...paths], limits);
      if ('unanswered' in answer) return undefined;
      return answer.stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => hex(line));
    },
    realPath: async (path) =>
      (await direct.realPath(path)) ??
      probe('realpath', [path], (output) => output.replace(/\n$/, ''), limits),
    link: async (path) =>
      (await direct.link(path)) ?? probe('readlink', ['-n', path], (output) => output, limits),
    space: (path) => probe('stat', ['-f', '-c', '%S %a %c %d', path], parseSpace, limits),
  };
}

interface ProbeLimits extends Cancellable {
  readonly deadline: ProbeDeadline;
}

async function probe<Value>(
  program: string,
  args: readonly string[],
  parse: (output: string) => Value,
  limits: ProbeLimits,
): Promise<ProbeResult<Value>> {
  const answer = await ask(await findBinary(program), args, limits);
  if ('unanswered' in answer) return { kind: 'unreachable', reason: answer.unanswered };
  if (answer.code === 0) return { kind: 'found', value: parse(answer.stdout) };
  // `stat: cannot statx '/x': No such file or directory`
  const reason = answer.stderr.trim().replace(/^.*: /s, '').toLowerCase();
  return reason === 'no such file or directory' ? { kind: 'missing' } : { kind: 'unreachable', reason };
}

function parseStatus(output: string): FileStatus {
  const [mode, major, minor, uid, gid] = output.trim().split(' ');
  return { mode: hex(mode), major: hex(major), minor: hex(minor), uid: Number(uid), gid: Number(gid) };
}

function hex(digits: string | undefined): number {
  return Number.parseInt(digits ?? '', 16);
}

function parseSpace(output: string): FileSystemSpace {
  const [blockSize = 0, freeBlocks = 0, files = 0, freeFiles = 0] = output.trim().split(' ').map(Number);
  return { freeBytes: blockSize * freeBlocks, freeFiles: files === 0 ? undefined : freeFiles };
}

/** A child process, shared by all callers that ask the same question at the same time. */
interface Inquiry {
  readonly process: SpawnedProcess;
  /** Resolves when the process has ended. */
  readonly result: Promise<ProgramResult>;
  waiters: number;
  /** True once it was killed because nobody waited any longer. */
  isAbandoned: boolean;
}

/**
 * Running child processes by command line. A process that cannot be killed stays in the map, so that repeated probes of
 * one dead file system do not pile up processes.
 */
const inquiries = new Map<string, Inquiry>();

/** Time for a killed process to end, in milliseconds: one that does not waits for its file system still. */
const killedMs = 1_000;

/** Reason for which a question got no answer. */
interface Unanswered {
  readonly unanswered: string;
}

async function ask(
  file: string,
  args: readonly string[],
  { deadline, signal }: ProbeLimits,
): Promise<ProgramResult | Unanswered> {
  const key = [file, ...args].join('\0');
  while (!deadline.expired.aborted) {
    signal?.throwIfAborted();
    const inquiry = inquiries.get(key) ?? startInquiry(key, file, args);
    using stop = joinSignals([deadline.expired, signal]);
    if (inquiry.isAbandoned) {
      // Asked before, without an answer until now.
      if (await settlesWithin(inquiry.result, killedMs, { signal: stop.signal })) continue;
      signal?.throwIfAborted();
      return { unanswered: 'its file system does not answer' };
    }
    const unwatch = deadline.watch(inquiry.process.pid);
    inquiry.waiters += 1;
    const result = await resolveOnAbort(inquiry.result, stop.signal);
    inquiry.waiters -= 1;
    unwatch();
    if (result === undefined) {
      if (inquiry.waiters === 0) abandon(inquiry);
    } else if (result.code !== null) return result;
    // A null code: an earlier caller abandoned this process, so ask again.
  }
  signal?.throwIfAborted();
  return { unanswered: deadline.expired.reason.message };
}

function startInquiry(key: string, file: string, args: readonly string[]): Inquiry {
  // The C locale, since `probe` parses the error messages.
  const env = { ...programEnvironment(), LC_ALL: 'C' };
  const process = spawnProcess(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const read = (index: number) => readOutput(process.stdio[index], () => process.kill('SIGKILL'));
  const result = Promise.all([read(1), read(2), process.ended]).then(([stdout, stderr, { code }]) => {
    inquiries.delete(key);
    return { code, stdout, stderr };
  });
  const inquiry = { process, result, waiters: 0, isAbandoned: false };
  inquiries.set(key, inquiry);
  return inquiry;
}

function abandon(inquiry: Inquiry): void {
  const { process } = inquiry;
  inquiry.isAbandoned = true;
  process.kill('SIGKILL');
  process.unref();
  for (const pipe of process.stdio) pipe?.destroy();
}
