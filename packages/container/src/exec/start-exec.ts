/**
 * Starts a command in a container through the OCI runtime, which stays to pass its output on and to tell its end.
 * @see runc-exec(8)
 */
import { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onAbort, runOnce, settlesWithin } from '@outboard/async';
import type { Logger } from 'pino';
import { countOutOfMemoryKills, noteKilledCommand } from '../cgroup/out-of-memory.ts';
import { isErrno } from '../linux/errno.ts';
import { findBinary } from '../linux/find-binary.ts';
import { endProcessGroup } from '../linux/process-identity.ts';
import { openPseudoTerminal, type PseudoTerminal } from '../linux/pseudo-terminal.ts';
import { programEnvironment } from '../linux/run-program.ts';
import { type SpawnedProcess, spawnProcess } from '../linux/spawn-process.ts';
import type { ContainerPaths, ContainerRun } from '../runtime/container-paths.ts';
import type { RuntimeSpec } from '../spec/runtime-spec.ts';
import { findUser, readUserFiles } from './container-users.ts';
import { containerEndedError, createExecCgroup, newExecDirectory, removeExec } from './exec-directory.ts';
import { type ExecContainer, execFailure } from './exec-failure.ts';
import { createExecProcess, type ExecProcess } from './exec-process.ts';
import type { ExecRequest, ExecSession } from './exec-session.ts';
import { type ExecStreams, openExecStreams } from './exec-streams.ts';
import { closeInputPipe, holdInputPipe } from './input-pipe.ts';
import { type StartWatch, watchStart } from './start-watch.ts';
import { watchCommand } from './watch-command.ts';

export interface ExecDeps {
  readonly paths: ContainerPaths;
  readonly logger: Logger;
}

/** In which container. */
export interface ExecTarget extends Omit<ContainerRun, 'cgroupPath'> {
  readonly id: string;
  /** Of its cgroup, below the root of each hierarchy. */
  readonly cgroupPath: string;
}

const startTimeoutMs = 30_000;
/** How long the runtime may take to end after its command. */
const runtimeEndMs = 2_000;
const maxErrorBytes = 16 * 1024;
const processFile = 'process.json';
const pidFile = 'pid';

/**
 * Start a command and return when it runs.
 * @param signal ends it, at any time
 * @throws {OutboardError} invalid: the request, an unknown user, a program that cannot be run (code `exec-failed`);
 *   conflict when the container has ended
 */
export async function startExec(
  deps: ExecDeps,
  target: ExecTarget,
  request: ExecRequest,
  signal: AbortSignal,
): Promise<ExecSession> {
  signal.throwIfAborted();
  const bundle = deps.paths.bundle(target.id);
  const runtime = await findBinary(target.runtime);
  const spec = await readSpec(bundle.spec);
  const process = await describeProcess(spec, request);
  const directory = newExecDirectory(bundle.directory);
  const release = runOnce(async () => {
    await removeExec(target.cgroupPath, directory);
  });
  try {
    await makeDirectory(directory, process);
    const cgroup = await createExecCgroup(target.cgroupPath, directory);
    const command = [
      `--root=${deps.paths.runtimeRoot}`,
      ...['exec', `--cgroup=${cgroup}`, `--process=${join(directory, processFile)}`],
      ...[`--pid-file=${join(directory, pidFile)}`, target.id],
    ];
    const place = { rootfs: spec.root.path, pid: target.pid };
    const killsBefore = await countOutOfMemoryKills(target.cgroupPath);
    const onKilled = async (): Promise<void> => {
      if (isMore(await countOutOfMemoryKills(target.cgroupPath), killsBefore))
        await noteKilledCommand(bundle.killedCommands);
    };
    return await launch({ deps, runtime, command, directory, place, request, signal, release, onKilled });
  } catch (error) {
    await release();
    throw error;
  }
}

interface Launch {
  readonly deps: ExecDeps;
  readonly runtime: string;
  readonly command: readonly string[];
  readonly directory: string;
  readonly place: ExecContainer;
  readonly request: ExecRequest;
  readonly signal: AbortSignal;
  /** Removes all but the runtime's own process. */
  readonly release: () => Promise<void>;
  /** The command was ended by SIGKILL. */
  readonly onKilled: () => Promise<void>;
}

async function launch(launch: Launch): Promise<ExecSession> {
  const { signal, release } = launch;
  const watched = watchStart(launch.directory, pidFile);
  const { program, streams } = spawnRuntime(launch, watched);
  const report = (error: unknown): void => {
    launch.deps.logger.error({ err: error }, 'cannot end a command in a plugin');
  };
  let isStarted = false;
  let hasEnded = false;
  const end = runOnce(async () => {
    // A command that runs is killed before its terminal hangs up, and so is never told to end by a SIGHUP. The runtime
    // is its parent: it is to see its end, and ends with it.
    if (isStarted) await release();
    streams.close();
    if (isStarted) await settlesWithin(program.ended, runtimeEndMs);
    // One that has not started it is to start it no more. Once it has ended, its pid may be another's.
    if (!hasEnded) await endProcessGroup(program.pid);
    await release();
  });
  const kill = (): void => void end().catch(report);
  let unwatch: () => void = () => undefined;
  let input: number | undefined;
  const stopListening = onAbort(signal, kill);
  const ended = program.ended.then(async ({ code }) => {
    hasEnded = true;
    stopListening();
    watched.close();
    unwatch();
    closeInputPipe(input);
    streams.dropInput();
    if ((code ?? killedExitCode) === killedExitCode) await launch.onKilled().catch(report);
    await release().catch(report);
    return code ?? killedExitCode;
  });
  const deadline = setTimeout(kill, startTimeoutMs);
  isStarted = await watched.started;
  clearTimeout(deadline);
  if (isStarted) {
    // Before anything is sent to it.
    if (!hasEnded && launch.request.hasInput === true) input = holdInputPipe(program.pid);
    // What the command left holds its output open, and ends with it.
    const endRest = (): void => void release().catch(report);
    if (!hasEnded) unwatch = watchCommand(() => readPid(launch.directory), endRest);
    return { ...streams, ended, kill };
  }
  const said = await streams.readErrors(maxErrorBytes).catch(() => '');
  streams.close();
  await ended;
  signal.throwIfAborted();
  throw execFailure(said, launch.place, startTimeoutMs);
}

function isMore(now: number | undefined, before: number | undefined): boolean {
  return now !== undefined && now > (before ?? 0);
}

/** 128 and SIGKILL. */
const killedExitCode = 137;

/** Start the runtime on a terminal or on pipes. */
function spawnRuntime(
  { runtime, command, request }: Launch,
  watched: StartWatch,
): { readonly program: SpawnedProcess; readonly streams: ExecStreams } {
  const hasInput = request.hasInput === true;
  let terminal: PseudoTerminal | undefined;
  try {
    terminal = request.terminal && openPseudoTerminal(request.terminal);
    const program = spawnProcess(runtime, command, {
      env: programEnvironment(),
      // Of its own, so that all of it can be ended.
      newSession: true,
      stdio:
        terminal === undefined
          ? [hasInput ? 'pipe' : 'ignore', 'pipe', 'pipe']
          : [terminal.programEnd, terminal.programEnd, terminal.programEnd],
    });
    return { program, streams: openExecStreams(program, terminal, hasInput) };
  } catch (error) {
    terminal?.stream.destroy();
    watched.close();
    throw error;
  } finally {
    terminal?.closeProgramEnd();
  }
}

/** Undefined until the runtime has written it, and when the command has gone. */
function readPid(directory: string): number | undefined {
  try {
    const text = readFileSync(join(directory, pidFile), 'latin1');
    return /^\d+\n?$/.test(text) ? Number(text) : undefined;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function readSpec(path: string): Promise<RuntimeSpec> {
  try {
    // We wrote it, in a directory that only root can enter.
    return JSON.parse(await readFile(path, 'utf8')) as RuntimeSpec;
  } catch (cause) {
    if (!isErrno(cause, 'ENOENT')) throw cause;
    throw containerEndedError(cause);
  }
}

async function describeProcess(spec: RuntimeSpec, request: ExecRequest): Promise<ExecProcess> {
  const { user: named = '' } = request;
  const user =
    named === ''
      ? { ...spec.process.user, additionalGids: [] }
      : findUser(named, await readUserFiles(spec.root.path));
  return createExecProcess(spec.process, request, user);
}

/** Readable by root only: the variables may be secrets. */
async function makeDirectory(directory: string, process: ExecProcess): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o700 });
    await writeFile(join(directory, processFile), JSON.stringify(process), { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    if (!isErrno(cause, 'ENOENT')) throw cause;
    throw containerEndedError(cause);
  }
}
