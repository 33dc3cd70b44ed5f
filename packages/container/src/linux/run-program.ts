/**
 * Runs a short program (the OCI runtime, a tool of the system) to its end, with a deadline, bounded output and no
 * inherited environment.
 */
import type { Socket } from 'node:net';
import {
  type Cancellable,
  firstEvent,
  joinSignals,
  onAbort,
  resolveOnAbort,
  settlesWithin,
} from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import { ErrnoError } from './libc.ts';
import { type SpawnedProcess, spawnProcess } from './spawn-process.ts';

/** Result of a program that was started. */
export interface ProgramResult {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of `runProgram`. */
export interface RunProgramOptions extends Cancellable {
  /** Time after which it is killed; default: never. */
  readonly timeoutMs?: number | undefined;
  /** Its whole environment; default `programEnvironment()`. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Its standard input; default empty. */
  readonly input?: string | Uint8Array | undefined;
}

const maxOutputBytes = 256 * 1024;
/** Time for a killed program to end: a program that waits for a file system in the kernel may never end. */
const killedMs = 1_000;

/**
 * Run a program and wait for its end. A non-zero exit code is a result, not an error.
 *
 * @param file absolute path of the program
 * @throws {OutboardError} system when it cannot be started, writes more than 256 KiB, or does not end in time; the
 *   reason of the signal
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  options: RunProgramOptions = {},
): Promise<ProgramResult> {
  const { timeoutMs, signal, env = programEnvironment(), input } = options;
  signal?.throwIfAborted();
  const subject = `"${file}" (${args.find((arg) => !arg.startsWith('-')) ?? 'no command'})`;
  const fail = (reason: string, cause?: unknown) =>
    new OutboardError('system', `cannot run ${subject}: ${reason}`, { cause });
  const program = start(file, args, { env, hasInput: input !== undefined }, fail);
  const failure = new AbortController();
  const stop = (reason: unknown) => {
    failure.abort(reason);
    program.kill('SIGKILL');
    // Its children may hold the pipes open for longer than it lives.
    for (const pipe of program.stdio) pipe?.destroy();
  };
  using limit = joinSignals([signal], {
    timeoutMs,
    timeoutReason: () => fail(`it did not end within ${timeoutMs} ms and was killed`),
  });
  onAbort(limit.signal, stop);
  // A program may end without reading all input; its exit code is the result.
  if (input !== undefined) program.stdio[0]?.on('error', () => undefined).end(input);
  try {
    const onTooMuch = () => stop(fail(`it wrote more than ${maxOutputBytes} bytes`));
    const all = Promise.all([
      readOutput(program.stdio[1], onTooMuch),
      readOutput(program.stdio[2], onTooMuch),
      program.ended,
    ]);
    await resolveOnAbort(all, failure.signal);
    if (failure.signal.aborted) {
      if (!(await settlesWithin(all, killedMs))) program.unref();
      throw failure.signal.reason;
    }
    const [stdout, stderr, { code }] = await all;
    return { code, stdout, stderr };
  } finally {
    program.stdio[0]?.destroy();
  }
}

function start(
  file: string,
  args: readonly string[],
  { env, hasInput }: { readonly env: Readonly<Record<string, string>>; readonly hasInput: boolean },
  fail: (reason: string, cause: unknown) => OutboardError,
): SpawnedProcess {
  try {
    return spawnProcess(file, args, { env, stdio: [hasInput ? 'pipe' : 'ignore', 'pipe', 'pipe'] });
  } catch (error) {
    throw error instanceof ErrnoError ? fail(error.message, error) : error;
  }
}

/** Environment of programs: PATH only, since other variables of the daemon may be secrets. */
export function programEnvironment(): Record<string, string> {
  return { PATH: process.env.PATH ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };
}

/**
 * Read a pipe until its end, or until it is destroyed.
 * @param onTooMuch called when more than 256 KiB were written; the rest is dropped
 */
export async function readOutput(pipe: Socket | undefined, onTooMuch: () => void): Promise<string> {
  if (pipe === undefined) return '';
  const chunks: Buffer[] = [];
  let size = 0;
  pipe.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxOutputBytes) onTooMuch();
    else chunks.push(chunk);
  });
  // Nothing more can be read; the end of the program gives the reason.
  pipe.on('error', () => undefined);
  pipe.on('end', () => pipe.destroy());
  await firstEvent(pipe, ['close']);
  return Buffer.concat(chunks).toString('utf8');
}
