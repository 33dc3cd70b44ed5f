/**
 * Starts a command in a container through the OCI runtime, which stays to copy its output and to report its end.
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

/** Parts that `startExec` needs. */
export interface ExecDeps {
  readonly paths: ContainerPaths;
  readonly logger: Logger;
}

/** The container of a command. */
export interface ExecTarget extends ContainerRun {
  readonly id: string;
}

const startTimeoutMs = 30_000;
/** Time for the OCI runtime to end after its command. */
const runtimeEndMs = 2_000;
const maxErrorBytes = 16 * 1024;
const processFile = 'process.json';
const pidFile = 'pid';

/**
 * Start a command and return when it runs.
 * @param signal kills it, at any time
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
    const container = { rootfs: spec.root.path, pid: target.pid };
    const killsBefore = await countOutOfMemoryKills(target.cgroupPath);
    const onKilled = async (): Promise<void> => {
      if (isMore(await countOutOfMemoryKills(target.cgroupPath), killsBefore))
        await noteKilledCommand(bundle.killedCommands);
    };
    return await launch({ deps, runtime, command, directory, container, request, signal, release, onKilled });
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
  readonly container: ExecContainer;
  readonly request: ExecRequest;
  readonly signal: AbortSignal;
  /** Kills the command and removes its directory and cgroup. */
  readonly release: () => Promise<void>;
  /** Called when the command was ended by SIGKILL. */
  readonly onKilled: () => Promise<void>;
}

async function launch(launch: Launch): Promise<ExecSession> {
  const { signal, release } = launch;
  const watched = watchStart(launch.directory, pidFile);
  const { program, streams } = spawnRuntime(launch, watched);
  const report = (error: unknown): void => {
    launch.deps.logger.error({ err: error }, 'cannot end a command in a container');
  };
  let isStarted = false;
  let hasEnded = false;
  const end = runOnce(async () => {
    // A running command is killed before its terminal hangs up, so that it gets no SIGHUP. The OCI runtime is its
    // parent: it must see its end, and ends with it.
    if (isStarted) await release();
    streams.close();
    if (isStarted) await settlesWithin(program.ended, runtimeEndMs);
    // A runtime that has not started the command must not start it later. After it ended, its pid may belong to
    // another process.
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
    // Before any input is sent.
    if (!hasEnded && launch.request.hasInput === true) input = holdInputPipe(program.pid);
    // Processes that the command left in the background hold its output open, and are killed with it.
    const endRest = (): void => void release().catch(report);
    if (!hasEnded) unwatch = watchCommand(() => readPid(launch.directory), endRest);
    return { ...streams, ended, kill };
  }
  const output = await streams.readErrors(maxErrorBytes).catch(() => '');
  streams.close();
  await ended;
  signal.throwIfAborted();
  throw execFailure(output, launch.container, startTimeoutMs);
}

function isMore(now: number | undefined, before: number | undefined): boolean {
  return now !== undefined && now > (before ?? 0);
}

/** 128 and SIGKILL. */
const killedExitCode = 137;

/** Start the OCI runtime on a terminal or on pipes. */
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
      // A session of its own, so that its whole process group can be killed.
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

/** Read the pid of the command; undefined until the OCI runtime has written it, and after the command ended. */
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
    // Written by this package, in a directory that only root can enter.
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

/** Make the directory and the process file. Readable by root only: the variables may be secrets. */
async function makeDirectory(directory: string, process: ExecProcess): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o700 });
    await writeFile(join(directory, processFile), JSON.stringify(process), { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    if (!isErrno(cause, 'ENOENT')) throw cause;
    throw containerEndedError(cause);
  }
}
