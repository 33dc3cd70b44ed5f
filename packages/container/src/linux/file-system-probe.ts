/**
 * Looks at paths whose file system may never answer, such as one of a server that is gone: NFS, FUSE. Such a look waits in
 * the kernel, and four of them would take all threads that this process has for files. So each is left to a short-lived
 * process, which is killed when the time is up and left to itself when even that has to wait.
 */
import { joinSignals, resolveOnAbort } from '@outboard/async';
import { findBinary } from './find-binary.ts';
import type { ProbeDeadline } from './probe-deadline.ts';
import { type ProgramResult, programEnvironment, readOutput } from './run-program.ts';
import { type SpawnedProcess, spawnProcess } from './spawn-process.ts';

/** What is read of a file. */
export interface FileStatus {
  /** Type and permissions. */
  readonly mode: number;
  /** Of a device. */
  readonly major: number;
  readonly minor: number;
  readonly uid: number;
  readonly gid: number;
}

/** What came of a look. */
export type ProbeResult<Value> =
  | { readonly kind: 'found'; readonly value: Value }
  | { readonly kind: 'missing' }
  /** Something above it is no directory, its file system is broken, or does not answer. */
  | { readonly kind: 'unreachable'; readonly reason: string };

export interface ProbeOptions {
  /** When it is used up, what was not answered counts as `unreachable`. */
  readonly deadline: ProbeDeadline;
  /** Ends the look with its reason. */
  readonly signal?: AbortSignal;
}

/** @param path absolute @throws the signal's reason */
export function readStatus(
  path: string,
  { followLinks, ...options }: ProbeOptions & { readonly followLinks: boolean },
): Promise<ProbeResult<FileStatus>> {
  const links = followLinks ? ['-L'] : [];
  return look('stat', [...links, '-c', '%f %t %T %u %g', path], parseStatus, options);
}

/**
 * Types and permissions of several files of one file system, links not followed.
 * @returns of those that can be looked at; undefined when the file system does not answer
 * @throws the signal's reason
 */
export async function readModes(
  paths: readonly string[],
  options: ProbeOptions,
): Promise<readonly number[] | undefined> {
  const answer = await ask(await findBinary('stat'), ['-c', '%f', ...paths], options);
  if ('unanswered' in answer) return undefined;
  return answer.stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => hex(line));
}

/** The path that is left when links are followed. @param path absolute @throws the signal's reason */
export function readRealPath(path: string, options: ProbeOptions): Promise<ProbeResult<string>> {
  return look('realpath', [path], (output) => output.replace(/\n$/, ''), options);
}

/** What a link says, whatever that may be. @param path absolute, of a link @throws the signal's reason */
export function readLink(path: string, options: ProbeOptions): Promise<ProbeResult<string>> {
  return look('readlink', ['-n', path], (output) => output, options);
}

/** How much room a file system has. */
export interface FileSystemSpace {
  readonly freeBytes: number;
  /** Undefined where they are made as needed. */
  readonly freeFiles: number | undefined;
}

/** Of the file system that a path lies on. @param path absolute @throws the signal's reason */
export function readSpace(path: string, options: ProbeOptions): Promise<ProbeResult<FileSystemSpace>> {
  return look('stat', ['-f', '-c', '%S %a %c %d', path], parseSpace, options);
}

async function look<Value>(
  program: string,
  args: readonly string[],
  parse: (output: string) => Value,
  options: ProbeOptions,
): Promise<ProbeResult<Value>> {
  const answer = await ask(await findBinary(program), args, options);
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

/** A process that looks, for all who want to know the same. */
interface Probe {
  readonly process: SpawnedProcess;
  /** Resolves when the process has ended. */
  readonly result: Promise<ProgramResult>;
  waiters: number;
}

/** One that cannot be killed is not started again: they would become more and more. */
const underway = new Map<string, Probe>();

/** Why there is no answer. */
interface Unanswered {
  readonly unanswered: string;
}

async function ask(
  file: string,
  args: readonly string[],
  { deadline, signal }: ProbeOptions,
): Promise<ProgramResult | Unanswered> {
  const key = [file, ...args].join('\0');
  while (!deadline.expired.aborted) {
    signal?.throwIfAborted();
    const inquiry = underway.get(key) ?? begin(key, file, args);
    using stop = joinSignals([deadline.expired, signal]);
    const unwatch = deadline.watch(inquiry.process.pid);
    inquiry.waiters += 1;
    const result = await resolveOnAbort(inquiry.result, stop.signal);
    inquiry.waiters -= 1;
    unwatch();
    if (result === undefined) {
      if (inquiry.waiters === 0) abandon(inquiry);
    } else if (result.code !== null) return result;
    // Otherwise it was killed on behalf of someone who asked before.
  }
  signal?.throwIfAborted();
  return { unanswered: deadline.expired.reason.message };
}

function begin(key: string, file: string, args: readonly string[]): Probe {
  // So that what it says about an error can be told apart.
  const env = { ...programEnvironment(), LC_ALL: 'C' };
  const process = spawnProcess(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const read = (index: number) => readOutput(process.stdio[index], () => process.kill('SIGKILL'));
  const result = Promise.all([read(1), read(2), process.ended]).then(([stdout, stderr, { code }]) => {
    underway.delete(key);
    return { code, stdout, stderr };
  });
  const inquiry = { process, result, waiters: 0 };
  underway.set(key, inquiry);
  return inquiry;
}

function abandon({ process }: Probe): void {
  process.kill('SIGKILL');
  process.unref();
  for (const pipe of process.stdio) pipe?.destroy();
}
