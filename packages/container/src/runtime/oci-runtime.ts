/**
 * The command line of OCI runtimes that runc and crun share, for what conmon does not do itself.
 */

import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cancellable } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import { type RunProgramOptions, runProgram } from '../linux/run-program.ts';
import { readRuntimeMessage } from './runtime-message.ts';

/** Container and OCI runtime of a call. */
export interface OciRuntimeCall {
  readonly runtime: string;
  /** The runtime's state directory. */
  readonly root: string;
  readonly id: string;
}

interface CallOptions extends Cancellable {
  readonly timeoutMs: number;
}

/**
 * Run the program of a created container.
 * @throws {OutboardError} system with the runtime's message
 */
export async function startContainer(call: OciRuntimeCall, options: CallOptions): Promise<void> {
  await run(call, ['start', call.id], options);
}

/**
 * Remove state and cgroup of a container; kills its processes if it still runs.
 * @throws {OutboardError} system with the runtime's message
 */
export async function deleteContainer(call: OciRuntimeCall, options: CallOptions): Promise<void> {
  await run(call, ['delete', '--force', call.id], options);
}

/**
 * Change the limits of a container.
 * @param resources limits that are absent do not change
 * @param options.directory of the container, for a temporary file
 * @throws {OutboardError} system with the runtime's message
 */
export async function updateContainer(
  call: OciRuntimeCall,
  resources: object,
  { directory, ...options }: CallOptions & { readonly directory: string },
): Promise<void> {
  // A file and not standard input, which crun opens by name: impossible for a socket.
  const file = join(directory, `resources-${randomBytes(8).toString('hex')}.json`);
  try {
    await writeFile(file, JSON.stringify(resources), { mode: 0o600, flag: 'wx' });
    await run(call, ['update', '--resources', file, call.id], options);
  } finally {
    await rm(file, { force: true });
  }
}

async function run(
  call: OciRuntimeCall,
  command: readonly string[],
  options: RunProgramOptions,
): Promise<void> {
  const result = await runProgram(call.runtime, [`--root=${call.root}`, ...command], options);
  if (result.code === 0) return;
  const message = readRuntimeMessage(result.stderr);
  const reason = message === '' ? `exit code ${result.code ?? 'none, killed by a signal'}` : message;
  throw new OutboardError('system', `OCI runtime ${command[0]} failed: ${reason}`);
}
