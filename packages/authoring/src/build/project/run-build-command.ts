/**
 * Runs the build command of a project.
 */
import { spawn } from 'node:child_process';
import { type Cancellable, firstEvent, onAbort } from '@outboard/async';
import { hostPlatform, OutboardError, type Platform } from '@outboard/oci';
import { forPlatform } from './placeholders.ts';
import type { Project } from './project.ts';

/** The platform to build for, and where output goes. */
export interface BuildCommandOptions extends Cancellable {
  readonly platform: Platform;
  /** Receives what the command writes to stdout and stderr. */
  readonly onOutput: (bytes: Buffer) => void;
}

/** Go's names of Arm versions are numbers without the `v`. */
function buildEnvironment({ os, architecture, variant = '' }: Platform): Record<string, string> {
  return {
    OUTBOARD_OS: os,
    OUTBOARD_ARCH: architecture,
    // Go reads these; a build for another platform needs nothing else.
    GOOS: os,
    GOARCH: architecture,
    ...(architecture === 'arm' && variant !== '' ? { GOARM: variant.replace('v', '') } : {}),
  };
}

/**
 * Run the command of a project, in its directory; without one nothing is done. An abort ends it with its children.
 * @throws {OutboardError} invalid when it fails; the reason of the signal
 */
export async function runBuildCommand(project: Project, options: BuildCommandOptions): Promise<void> {
  const { signal, platform, onOutput } = options;
  const words = project.description.build ?? [];
  const [program, ...args] = words.map((word) => forPlatform(word, platform));
  if (program === undefined) return;
  signal?.throwIfAborted();
  const env = { ...process.env, ...buildEnvironment({ ...hostPlatform(), ...platform }) };
  const child = spawn(program, args, {
    cwd: project.directory,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that an abort reaches the compilers that it starts.
    detached: true,
  });
  let failure: Error | undefined;
  child.on('error', (error) => {
    failure = error;
  });
  child.stdout.on('data', onOutput);
  child.stderr.on('data', onOutput);
  const stopListening = onAbort(signal, () => endGroup(child.pid));
  try {
    await firstEvent(child, ['close']);
  } finally {
    stopListening();
  }
  signal?.throwIfAborted();
  const shown = [program, ...args].join(' ');
  if (failure !== undefined) {
    throw new OutboardError('invalid', `cannot run the build command "${shown}": ${failure.message}`, {
      cause: failure,
    });
  }
  if (child.exitCode === 0) return;
  const end = child.exitCode === null ? `ended by ${child.signalCode}` : `exit code ${child.exitCode}`;
  throw new OutboardError('invalid', `the build command "${shown}" failed: ${end}`);
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
