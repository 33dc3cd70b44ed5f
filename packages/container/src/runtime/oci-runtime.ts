/**
 * The command line of OCI runtimes, as runc and crun share it, for what conmon does not do itself.
 * @see OCI runtime-spec v1.0.2, "Operations"; runc(8)
 */
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OutboardError } from '@outboard/oci';
import { type RunProgramOptions, runProgram } from '../linux/run-program.ts';
import { readRuntimeMessage } from './runtime-message.ts';

export interface OciRuntimeCall {
  readonly runtime: string;
  /** The runtime's state directory. */
  readonly root: string;
  readonly id: string;
}

interface CallOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Let a created container run its program.
 * @throws {OutboardError} system with the runtime's own words
 */
export async function startContainer(call: OciRuntimeCall, options: CallOptions): Promise<void> {
  await run(call, ['start', call.id], options);
}

/**
 * Remove a container's state and cgroup; kills its processes if it still runs.
 * @throws {OutboardError} system with the runtime's own words
 */
export async function deleteContainer(call: OciRuntimeCall, options: CallOptions): Promise<void> {
  await run(call, ['delete', '--force', call.id], options);
}

/**
 * Give a container other bounds.
 * @param resources only those that are named change
 * @param options.directory of the container, for a temporary file
 * @throws {OutboardError} system with the runtime's own words
 */
export async function updateContainer(
  call: OciRuntimeCall,
  resources: object,
  { directory, ...options }: CallOptions & { readonly directory: string },
): Promise<void> {
  // Not by standard input: crun opens it by its name, which a socket does not allow.
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
