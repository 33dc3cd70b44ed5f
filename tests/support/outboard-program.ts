/**
 * The program `outboard` of this checkout, as authors type it.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));

/** A result; the code is null after a signal. */
export interface ProgramResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Where and how it runs. */
export interface ProgramOptions {
  /** Working directory. */
  readonly cwd: string;
  /** Socket of the daemon. */
  readonly socket?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

function environment({ socket, env }: ProgramOptions): Record<string, string | undefined> {
  return { ...process.env, ...(socket === undefined ? {} : { OUTBOARD_HOST: `unix://${socket}` }), ...env };
}

/** Run it to its end. */
export async function outboard(args: readonly string[], options: ProgramOptions): Promise<ProgramResult> {
  const settings = { cwd: options.cwd, env: environment(options), maxBuffer: 64 * 1024 * 1024 };
  return await new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], settings, (error, out, err) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      resolve({ code, out, err });
    });
  });
}

/** One that runs until it is ended. */
export interface RunningProgram {
  /** All that it has written to stdout and stderr. */
  output(): string;
  /** Wait for a text. @throws when it ends without it */
  shows(text: string | RegExp): Promise<void>;
  /** Send a signal and wait for the end. @returns the exit code */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Start it. */
export function startOutboard(args: readonly string[], options: ProgramOptions): RunningProgram {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: options.cwd,
    env: environment(options),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const closed = once(child, 'close');
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      output += text;
      child.emit('output');
    });
  }
  const isShown = (text: string | RegExp) =>
    typeof text === 'string' ? output.includes(text) : text.test(output);
  return {
    output: () => output,
    async shows(text) {
      while (!isShown(text)) {
        if (child.exitCode !== null) throw new Error(`it ended without ${text}: ${output}`);
        await Promise.race([once(child, 'output'), closed]);
      }
    },
    async end(signal) {
      child.kill(signal);
      await closed;
      return child.exitCode;
    },
  };
}
