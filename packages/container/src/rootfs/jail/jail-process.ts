/**
 * The child process of an unpack jail from the parent's side: input, messages, end.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { firstEvent } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import { findBinarySync } from '../../linux/find-binary.ts';
import type { ProcessEnd } from '../../linux/posix-spawn.ts';
import { spawnProcess } from '../../linux/spawn-process.ts';
import type { UnpackLimits } from '../unpack-jail.ts';
import { limitsToArguments } from './jail-protocol.ts';
import { shortLines } from './short-lines.ts';
import type { DirectoryIdentity } from './verify-confinement.ts';

const maxStderrBytes = 4096;
/** Limit of the JavaScript heap; file contents are outside of it. */
const maxHeapMegabytes = 512;

/** A started child. */
export interface JailProcess {
  readonly pid: number;
  /** Identity of its staging directory. */
  readonly root: DirectoryIdentity;
  /** Kill it; does nothing after it ended. */
  readonly kill: () => void;
  readonly input: Writable;
  /** The frames of archives; nothing reads it before the first one. */
  readonly output: Readable;
  readonly control: Readable;
  /** Resolves when the child has ended and its streams are read, with a description of its end. Never rejects. */
  readonly ended: Promise<string>;
}

/** Options of `unshare`: new namespaces. Mounts in a new mount namespace are private, so none reaches the host. */
const ownNamespaces = ['--mount', '--net', '--ipc', '--'];

/**
 * Start the child over a directory, in namespaces of its own: `unshare` of util-linux makes them while the process
 * has one thread, and executes Node.js, whose threads are then all in them. The environment contains only the size of
 * the thread pool, and the open files are only input, control channel and directory.
 * @throws {OutboardError} system when the directory cannot be opened, or there is no `unshare`
 * @throws {ErrnoError} when no process can be started
 */
export function startJailProcess(directory: string, limits: UnpackLimits): JailProcess {
  const staging = openStagingDirectory(directory);
  try {
    const child = spawnProcess(
      findBinarySync('unshare'),
      [
        ...ownNamespaces,
        process.execPath,
        `--max-old-space-size=${maxHeapMegabytes}`,
        fileURLToPath(new URL('./child.js', import.meta.url)),
        ...limitsToArguments(limits),
      ],
      {
        stdio: ['pipe', 'pipe', 'pipe', 'pipe', staging],
        env: { UV_THREADPOOL_SIZE: '1' },
        newSession: true, // a signal from the terminal must reach the parent only
      },
    );
    // All four were requested as pipes, so they are there.
    const [input, output, errors, control] = child.stdio as readonly Socket[] as [
      Socket,
      Socket,
      Socket,
      Socket,
    ];
    const { dev, ino } = fstatSync(staging);
    return {
      pid: child.pid,
      root: { dev, ino },
      kill: () => child.kill('SIGKILL'),
      input,
      output,
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
  const said = shortLines(stderr);
  return said === '' ? how : `${how}: ${JSON.stringify(said)}`;
}

function describeEnd({ code, signal }: ProcessEnd, { maxCpuSeconds }: UnpackLimits): string {
  if (signal === null) return `exited with code ${code}`;
  return signal === 'SIGXCPU'
    ? `took more than ${maxCpuSeconds} seconds of processor time, the limit for all layers`
    : `was killed by ${signal}`;
}

/** Resolves when all output of the child has been read. */
async function untilRead(stream: Readable): Promise<void> {
  stream.on('end', () => stream.destroy());
  stream.on('error', () => stream.destroy()); // the end of the child gives the reason
  await firstEvent(stream, ['close']);
}
