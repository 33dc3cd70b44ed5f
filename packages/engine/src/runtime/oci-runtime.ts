/**
 * The command line of OCI runtimes, as runc and crun share it, for what conmon does not do itself.
 * @see OCI runtime-spec v1.0.2, "Operations"; runc(8)
 */
import { OutboardError } from '@outboard/oci';
import { type RunProgramOptions, runProgram } from '../linux/run-program.ts';
import { readRuntimeMessage } from './runtime-message.ts';

export interface OciRuntimeCall {
  readonly runtime: string;
  /** The runtime's state folder. */
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
 * @throws {OutboardError} system with the runtime's own words
 */
export async function updateContainer(
  call: OciRuntimeCall,
  resources: object,
  options: CallOptions,
): Promise<void> {
  await run(call, ['update', '--resources', '-', call.id], { ...options, input: JSON.stringify(resources) });
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
