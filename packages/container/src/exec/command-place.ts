/**
 * The place of one command beside a container's program: its directory in the bundle, and its cgroup below the container's.
 * Both are removed with the command.
 */
import { closeSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { runOnce } from '@outboard/async';
import type { Logger } from 'pino';
import { countOutOfMemoryKills, noteKilledCommand } from '../cgroup/out-of-memory.ts';
import { isErrno } from '../linux/errno.ts';
import { findBinary } from '../linux/find-binary.ts';
import type { ContainerPaths, ContainerRun } from '../runtime/container-paths.ts';
import type { RuntimeSpec } from '../spec/runtime-spec.ts';
import { containerEndedError, newExecDirectory, removeExec } from './exec-directory.ts';
import type { ExecSession } from './exec-session.ts';
import { type Launch, launchCommand } from './launch-command.ts';

/** Parts that commands need. */
export interface ExecDeps {
  readonly paths: ContainerPaths;
  readonly logger: Logger;
}

/** The container of a command. */
export interface ExecTarget extends ContainerRun {
  readonly id: string;
}

/** The directory of a command, the spec with which its container was started, and the OCI runtime. */
export interface CommandPlace {
  /** Exists, for root only. */
  readonly directory: string;
  readonly spec: RuntimeSpec;
  /** Path of the program. */
  readonly runtime: string;
}

/** The parts of a command that `prepare` decides. */
export type PreparedCommand = Pick<Launch, 'command' | 'request' | 'passed'>;

/**
 * Make a place, run a command in it, and remove the place when the command has ended or was not started.
 * @param prepare writes the command's files into the place; its errors reject
 * @throws {OutboardError} conflict when the container has ended; invalid with code `exec-failed` when the command cannot
 *   be run
 */
export async function runInPlace(
  deps: ExecDeps,
  target: ExecTarget,
  prepare: (place: CommandPlace) => Promise<PreparedCommand>,
  signal: AbortSignal,
): Promise<ExecSession> {
  signal.throwIfAborted();
  const bundle = deps.paths.bundle(target.id);
  const runtime = await findBinary(target.runtime);
  const spec = await readSpec(bundle.spec);
  const directory = newExecDirectory(bundle.directory);
  const release = runOnce(() => removeExec(target.cgroupPath, directory));
  let passed: number | undefined;
  try {
    await makeDirectory(directory);
    const prepared = await prepare({ directory, spec, runtime });
    ({ passed } = prepared);
    const killsBefore = await countOutOfMemoryKills(target.cgroupPath);
    const onKilled = async (): Promise<void> => {
      if (isMore(await countOutOfMemoryKills(target.cgroupPath), killsBefore))
        await noteKilledCommand(bundle.killedCommands);
    };
    const { logger } = deps;
    return await launchCommand({ ...prepared, logger, directory, signal, release, onKilled });
  } catch (error) {
    await release();
    throw error;
  } finally {
    // The command has a copy.
    if (passed !== undefined) closeSync(passed);
  }
}

function isMore(now: number | undefined, before: number | undefined): boolean {
  return now !== undefined && now > (before ?? 0);
}

async function readSpec(path: string): Promise<RuntimeSpec> {
  try {
    // Written by this package, in a directory that only root can enter.
    return JSON.parse(await readFile(path, 'utf8')) as RuntimeSpec;
  } catch (cause) {
    if (!isErrno(cause, 'ENOENT')) throw cause;
    throw containerEndedError(cause);
  }
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o700 });
  } catch (cause) {
    if (!isErrno(cause, 'ENOENT')) throw cause;
    throw containerEndedError(cause);
  }
}
