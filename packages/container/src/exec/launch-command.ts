/**
 * Runs a command through the OCI runtime, which stays to copy its output and to report its end: watches its start, kills it
 * with everything that it started, and removes what it left.
 * @see runc-exec(8), runc-run(8)
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onAbort, runOnce, settlesWithin } from '@outboard/async';
import type { Logger } from 'pino';
import { isErrno } from '../linux/errno.ts';
import { endProcessGroup } from '../linux/process-identity.ts';
import { openPseudoTerminal, type PseudoTerminal } from '../linux/pseudo-terminal.ts';
import { programEnvironment } from '../linux/run-program.ts';
import { type SpawnedProcess, spawnProcess } from '../linux/spawn-process.ts';
import { execFailure } from './exec-failure.ts';
import type { ExecRequest, ExecSession } from './exec-session.ts';
import { type ExecStreams, openExecStreams } from './exec-streams.ts';
import { closeInputPipe, holdInputPipe } from './input-pipe.ts';
import { type StartWatch, watchStart } from './start-watch.ts';
import { watchCommand } from './watch-command.ts';

const startTimeoutMs = 30_000;
/** Time for the OCI runtime to end after its command. */
const runtimeEndMs = 2_000;
const maxErrorBytes = 16 * 1024;

/** File in the directory of a command into which the OCI runtime writes its pid. */
export const pidFile = 'pid';

/** A command that is ready to run. */
export interface Launch {
  readonly logger: Logger;
  /** Path of the OCI runtime, or of a program that becomes it, and arguments. */
  readonly command: readonly [program: string, ...args: readonly string[]];
  /** Directory of the command, where the runtime writes `pidFile`. */
  readonly directory: string;
  readonly request: Pick<ExecRequest, 'hasInput' | 'terminal'>;
  /** Descriptor that the command gets as number 3. */
  readonly passed?: number | undefined;
  readonly signal: AbortSignal;
  /** Kills the command and removes its directory and cgroup. */
  readonly release: () => Promise<void>;
  /** Called when the command was ended by SIGKILL. */
  readonly onKilled: () => Promise<void>;
}

/**
 * Start the command and return when it runs.
 * @throws {OutboardError} invalid with code `exec-failed` when it cannot be run
 */
export async function launchCommand(launch: Launch): Promise<ExecSession> {
  const { signal, release } = launch;
  const watched = watchStart(launch.directory, pidFile);
  const { program, streams } = spawnRuntime(launch, watched);
  const report = (error: unknown): void => {
    launch.logger.error({ err: error }, 'cannot end a command in a container');
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
  throw execFailure(output, startTimeoutMs);
}

/** 128 and SIGKILL. */
const killedExitCode = 137;

/** Start the OCI runtime on a terminal or on pipes. */
function spawnRuntime(
  { command: [file, ...args], request, passed }: Launch,
  watched: StartWatch,
): { readonly program: SpawnedProcess; readonly streams: ExecStreams } {
  const hasInput = request.hasInput === true;
  let terminal: PseudoTerminal | undefined;
  try {
    terminal = request.terminal && openPseudoTerminal(request.terminal);
    const program = spawnProcess(file, args, {
      env: programEnvironment(),
      // A session of its own, so that its whole process group can be killed.
      newSession: true,
      stdio: [
        ...(terminal === undefined
          ? ([hasInput ? 'pipe' : 'ignore', 'pipe', 'pipe'] as const)
          : [terminal.programEnd, terminal.programEnd, terminal.programEnd]),
        ...(passed === undefined ? [] : [passed]),
      ],
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
