/**
 * Runs a short program (the OCI runtime) to its end: with a deadline, bounded output and no inherited environment.
 */
import { type ExecFileException, execFile } from 'node:child_process';
import { OutboardError } from '@outboard/oci';

/** How a program ended that could be started. */
export interface ProgramResult {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const maxOutputBytes = 256 * 1024;

/**
 * Run a program and wait for its end. A non-zero exit code is a result, not an error.
 *
 * @param options.timeoutMs after which it is killed
 * @throws {OutboardError} system when it cannot be started or does not end in time; the abort reason when aborted
 */
export function runProgram(
  file: string,
  args: readonly string[],
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<ProgramResult> {
  const { timeoutMs, signal } = options;
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    execFile(
      file,
      args,
      {
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: maxOutputBytes,
        env: programEnvironment(),
        encoding: 'utf8',
        ...(signal === undefined ? {} : { signal }),
      },
      (error, stdout, stderr) => {
        if (error === null) resolve({ code: 0, stdout, stderr });
        else if (signal?.aborted === true) reject(signal.reason);
        else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
        else if (isSignalled(error)) resolve({ code: null, stdout, stderr });
        else reject(failure(file, args, error, timeoutMs));
      },
    );
  });
}

/** Ended by a signal that did not come from here. */
function isSignalled(error: ExecFileException): boolean {
  return error.killed !== true && typeof error.signal === 'string';
}

/** What programs of the runtime get of the daemon's environment: nothing that could hold a secret. */
export function programEnvironment(): Record<string, string> {
  return { PATH: process.env.PATH ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };
}

function failure(
  file: string,
  args: readonly string[],
  error: ExecFileException,
  timeoutMs: number,
): OutboardError {
  const subject = `"${file}" (${args.find((arg) => !arg.startsWith('-')) ?? 'no command'})`;
  const reason =
    error.killed === true && error.code !== 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER'
      ? `it did not end within ${timeoutMs} ms and was killed`
      : `${error.code ?? 'unknown error'}: ${error.message}`;
  return new OutboardError('system', `cannot run ${subject}: ${reason}`, { cause: error });
}
