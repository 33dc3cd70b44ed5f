/**
 * The child process of an unpack jail, as its parent sees it: bytes in, messages out, and an end.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { OutboardError } from '@outboard/oci';
import type { UnpackLimits } from '../unpack-jail.ts';
import { controlDescriptor } from './jail-protocol.ts';

const maxStderrBytes = 4096;
/** Of JavaScript; content of files passes outside this heap. */
const maxHeapMegabytes = 512;

/** A started child. */
export interface JailProcess {
  readonly child: ChildProcess;
  readonly input: Writable;
  readonly control: Readable;
  /** Resolves when the child is gone and its streams are read, with how it ended in words. Never rejects. */
  readonly ended: Promise<string>;
}

/**
 * Start the child over a directory. It gets no environment but the size of its thread pool, and of open files only
 * its input, the control channel and the directory.
 * @throws {OutboardError} system when the directory cannot be opened
 */
export function startJailProcess(directory: string, limits: UnpackLimits): JailProcess {
  const staging = openStagingDirectory(directory);
  try {
    const entry = new URL(
      `./child${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`,
      import.meta.url,
    );
    const loader = entry.pathname.endsWith('.ts') ? loaderArguments(process.execArgv) : [];
    const child = spawn(
      process.execPath,
      [
        `--max-old-space-size=${maxHeapMegabytes}`,
        ...loader,
        fileURLToPath(entry),
        String(limits.maxBytes),
        String(limits.maxEntries),
      ],
      {
        stdio: ['pipe', 'ignore', 'pipe', 'pipe', staging],
        env: { UV_THREADPOOL_SIZE: '1' },
        detached: true, // a signal from the terminal is for the parent to handle
      },
    );
    // Both are pipes, so both are there; typed loosely for other settings of `stdio`.
    return {
      child,
      input: child.stdin as Writable,
      control: child.stdio[controlDescriptor] as Readable,
      ended: watchEnd(child),
    };
  } finally {
    closeSync(staging);
  }
}

function openStagingDirectory(directory: string): number {
  try {
    return openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (cause) {
    throw new OutboardError('system', `cannot open directory ${JSON.stringify(directory)} to unpack into`, {
      cause,
    });
  }
}

/** Options of this process that make it run TypeScript and find sources; from a package's `dist` none is needed. */
function loaderArguments(execArgv: readonly string[]): string[] {
  const kept: string[] = [];
  const [alone, withValue] = [
    /^--(?:import|require|conditions|experimental-\w+-types)=?/,
    /^(?:-r|-C|--import|--require|--conditions)$/,
  ];
  for (let at = 0; at < execArgv.length; at++) {
    const argument = execArgv[at] ?? '';
    const value = execArgv[at + 1];
    if (withValue.test(argument) && value !== undefined) {
      kept.push(argument, value);
      at++;
    } else if (alone.test(argument)) kept.push(argument);
  }
  return kept;
}

function watchEnd(child: ChildProcess): Promise<string> {
  let stderr = '';
  child.stderr?.setEncoding('latin1').on('data', (text: string) => {
    stderr = (stderr + text).slice(-maxStderrBytes);
  });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('close', (code, signal) => {
      const how = signal === null ? `exited with code ${code}` : `was killed by ${signal}`;
      const said = stderr.trim();
      resolve(said === '' ? how : `${how}: ${JSON.stringify(said)}`);
    });
  });
}
