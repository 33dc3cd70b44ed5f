/**
 * The child process of an unpack jail, as its parent sees it: bytes in, messages out, and an end.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { firstEvent } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import { findBinarySync } from '../../linux/find-binary.ts';
import type { ProcessEnd } from '../../linux/posix-spawn.ts';
import { spawnProcess } from '../../linux/spawn-process.ts';
import type { UnpackLimits } from '../unpack-jail.ts';
import { limitsToArguments } from './jail-protocol.ts';
import type { DirectoryIdentity } from './verify-confinement.ts';

const maxStderrBytes = 4096;
/** Of JavaScript; content of files passes outside this heap. */
const maxHeapMegabytes = 512;

/** A started child. */
export interface JailProcess {
  readonly pid: number;
  /** The directory that it was started over. */
  readonly root: DirectoryIdentity;
  /** End it at once; nothing happens when it has ended. */
  readonly kill: () => void;
  readonly input: Writable;
  readonly control: Readable;
  /** Resolves when the child is gone and its streams are read, with how it ended in words. Never rejects. */
  readonly ended: Promise<string>;
}

/** Of `unshare`, before the program that it becomes. Its mounts are private, so that none of its own reaches the host. */
const ownNamespaces = ['--mount', '--net', '--ipc', '--'];

/**
 * Start the child over a directory, in namespaces of its own: `unshare` of util-linux makes them while the process has
 * one thread, and becomes Node.js. What Node.js itself makes later, at whatever time, is in them. The child gets no environment but the size of its thread pool, and of open files only
 * its input, the control channel and the directory.
 * @throws {OutboardError} system when the directory cannot be opened, or there is no `unshare`
 * @throws {ErrnoError} when no process can be started
 */
export function startJailProcess(directory: string, limits: UnpackLimits): JailProcess {
  const staging = openStagingDirectory(directory);
  try {
    const entry = new URL(
      `./child${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`,
      import.meta.url,
    );
    const loader = entry.pathname.endsWith('.ts') ? loaderArguments(process.execArgv) : [];
    const child = spawnProcess(
      findBinarySync('unshare'),
      [
        ...ownNamespaces,
        process.execPath,
        `--max-old-space-size=${maxHeapMegabytes}`,
        ...loader,
        fileURLToPath(entry),
        ...limitsToArguments(limits),
      ],
      {
        stdio: ['pipe', 'ignore', 'pipe', 'pipe', staging],
        env: { UV_THREADPOOL_SIZE: '1' },
        newSession: true, // a signal from the terminal is for the parent to handle
      },
    );
    // All three are pipes, so they are there.
    const [input, , errors, control] = child.stdio as [Writable, undefined, Readable, Readable];
    const { dev, ino } = fstatSync(staging);
    return {
      pid: child.pid,
      root: { dev, ino },
      kill: () => child.kill('SIGKILL'),
      input,
      control,
      ended: watchEnd(child.ended, { errors, control, limits }),
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

interface EndWitness {
  readonly errors: Readable;
  readonly control: Readable;
  readonly limits: UnpackLimits;
}

async function watchEnd(
  ended: Promise<ProcessEnd>,
  { errors, control, limits }: EndWitness,
): Promise<string> {
  let stderr = '';
  errors.setEncoding('latin1').on('data', (text: string) => {
    stderr = (stderr + text).slice(-maxStderrBytes);
  });
  const [end] = await Promise.all([ended, untilRead(errors), untilRead(control)]);
  const how = describeEnd(end, limits);
  const said = stderr.trim();
  return said === '' ? how : `${how}: ${JSON.stringify(said)}`;
}

function describeEnd({ code, signal }: ProcessEnd, { maxCpuSeconds }: UnpackLimits): string {
  if (signal === null) return `exited with code ${code}`;
  return signal === 'SIGXCPU'
    ? `took more than ${maxCpuSeconds} seconds of processor time, the limit for all layers`
    : `was killed by ${signal}`;
}

/** Resolves when all that the child wrote has been read. */
async function untilRead(stream: Readable): Promise<void> {
  stream.on('end', () => stream.destroy());
  stream.on('error', () => stream.destroy()); // a broken pipe comes with the child's end, which says more
  await firstEvent(stream, ['close']);
}
