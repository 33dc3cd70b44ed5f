/**
 * Starts conmon, which creates a container and monitors it: it reads the output into the log, records the exit code,
 * and outlives this process.
 * @see conmon(8), version 2.1
 */
import type { Readable } from 'node:stream';
import { type Cancellable, joinSignals, rejectOnAbort } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import * as z from 'zod';
import type { CgroupDriver } from '../cgroup/cgroup-driver.ts';
import { inScope, type ProgramCall } from '../cgroup/systemd-scope.ts';
import type { ProcessEnd } from '../linux/posix-spawn.ts';
import { endProcessGroup, identifyProcess, type ProcessIdentity } from '../linux/process-identity.ts';
import { programEnvironment } from '../linux/run-program.ts';
import { type SpawnedProcess, spawnProcess } from '../linux/spawn-process.ts';
import { type BundlePaths, exitDirectory } from './bundle.ts';
import { readRuntimeMessage } from './runtime-message.ts';

/** A container to create, and the programs to do it with. */
export interface ConmonRequest {
  readonly conmon: string;
  readonly runtime: string;
  /** The runtime's state directory. */
  readonly runtimeRoot: string;
  readonly id: string;
  readonly generation: string;
  readonly paths: BundlePaths;
  /** Creator of the container's cgroup. With systemd the monitor gets a scope of its own. */
  readonly driver: CgroupDriver;
  /** Size in bytes at which conmon starts the log over, by renaming an empty file over it. */
  readonly maxLogBytes: number;
}

/** Limits of one creation. */
interface ConmonCreateOptions extends Cancellable {
  readonly timeoutMs: number;
}

/** A created container that waits for its start, and its monitor. */
export interface CreatedContainer {
  readonly container: ProcessIdentity;
  readonly monitor: ProcessIdentity;
  /** Resolves when the monitor has ended. Does not keep this process alive. */
  readonly monitorEnded: Promise<void>;
}

/** Path of the log below the bundle. */
const conmonLogPath = 'logs/log';

/** Descriptor of the sync pipe in conmon. */
const syncPipeFd = 3;

/** Upper bound for output of conmon on the sync pipe and on stderr. */
const maxReportBytes = 64 * 1024;

/** Command line of conmon. */
function conmonArguments(request: ConmonRequest): readonly string[] {
  const { id, paths } = request;
  return [
    // conmon stays a child of this process: its end is reported at once, and no init has to reap it.
    '--sync',
    // The path of the attach socket may exceed the 107 bytes of a socket address.
    '--full-attach',
    ...['--socket-dir-path', paths.directory],
    ...['--cid', id, '--cuuid', id],
    ...['--runtime', request.runtime, `--runtime-arg=--root=${request.runtimeRoot}`],
    ...(request.driver === 'systemd' ? ['--systemd-cgroup'] : []),
    ...['--bundle', paths.directory, '--container-pidfile', paths.containerPid],
    ...['--exit-dir', exitDirectory(paths, request.generation)],
    // Relative to its working directory, since conmon parses a path only up to a colon.
    ...['--log-path', `k8s-file:${conmonLogPath}`, '--log-size-max', String(request.maxLogBytes)],
    // A slow disk must not delay the end of a container.
    '--no-sync-log',
  ];
}

/**
 * Create a container under a new conmon. conmon daemonizes and then reports on the sync pipe only, so the pipe is
 * read with a deadline. After any failure conmon and the OCI runtime that it started are killed.
 *
 * @throws {OutboardError} system with the runtime's message; the reason of the signal
 */
export async function createUnderConmon(
  request: ConmonRequest,
  options: ConmonCreateOptions,
): Promise<CreatedContainer> {
  options.signal?.throwIfAborted();
  const monitor = startMonitor(request, await monitorCall(request));
  // Both were requested as pipes, so they are there.
  const errors = monitor.stdio[2] as Readable;
  const syncPipe = monitor.stdio[syncPipeFd] as Readable;
  try {
    const containerPid = await awaitReport(monitor, syncPipe, errors, options);
    monitor.unref();
    return {
      container: requireProcess(containerPid, 'the container'),
      monitor: requireProcess(monitor.pid, 'conmon'),
      monitorEnded: monitor.ended.then(() => undefined),
    };
  } catch (error) {
    await endProcessGroup(monitor.pid);
    throw error;
  } finally {
    syncPipe.destroy();
    errors.destroy();
  }
}

/** conmon, under the systemd driver in a scope of its own: apart from the cgroups of daemon and container. */
async function monitorCall(request: ConmonRequest): Promise<ProgramCall> {
  const call = { file: request.conmon, args: conmonArguments(request) };
  if (request.driver === 'cgroupfs') return call;
  const unit = `outboard-conmon-${request.id}-${request.generation}.scope`;
  return inScope(unit, `Monitor of the Outboard container ${request.id}`, call);
}

function startMonitor(request: ConmonRequest, { file, args }: ProgramCall): SpawnedProcess {
  try {
    return spawnProcess(file, args, {
      // A session of its own, so that Ctrl-C at the daemon's terminal does not reach it.
      newSession: true,
      // conmon marks an out-of-memory kill by a file in its working directory.
      cwd: request.paths.directory,
      env: { ...programEnvironment(), _OCI_SYNCPIPE: String(syncPipeFd) },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    throw failure(`cannot run conmon: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

async function awaitReport(
  monitor: SpawnedProcess,
  syncPipe: Readable,
  errors: Readable,
  options: ConmonCreateOptions,
): Promise<number> {
  const output = collect(errors);
  const { timeoutMs, signal } = options;
  using stop = joinSignals([signal], {
    timeoutMs,
    timeoutReason: () => failure(`conmon did not report within ${timeoutMs} ms`),
  });
  const line = await rejectOnAbort(readLine(syncPipe), stop.signal);
  if (line === '') throw failure(`conmon ended without a report: ${await failureMessage(output, monitor)}`);
  return parseReport(line);
}

function requireProcess(pid: number, what: string): ProcessIdentity {
  const identity = identifyProcess(pid);
  if (identity !== undefined) return identity;
  throw failure(`OCI runtime create failed: ${what} (pid ${pid}) ended at once`);
}

const report = z.object({ pid: z.int(), message: z.string().optional() });

/** Parse the report of conmon. @returns pid of the container */
function parseReport(line: string): number {
  const parsed = report.safeParse(parseJson(line));
  if (!parsed.success) throw failure(`conmon reported "${readRuntimeMessage(line)}", expected a pid`);
  const { pid, message = '' } = parsed.data;
  if (pid > 0) return pid;
  const reason = readRuntimeMessage(message);
  // Docker's wording, which its users search for.
  throw failure(
    `OCI runtime create failed: ${reason === '' ? `unknown reason (conmon reports ${pid})` : reason}`,
  );
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // The schema rejects undefined, and the error shows the line.
    return undefined;
  }
}

/** First line of a stream, or all of it when it ends before; bounded. */
async function readLine(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) {
    text += String(chunk);
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end);
    if (text.length > maxReportBytes) throw failure(`conmon reported more than ${maxReportBytes} bytes`);
  }
  return text;
}

/** Keep the beginning of a stream and discard the rest, so that its writer never blocks. */
function collect(stream: Readable): { text: string } {
  const kept = { text: '' };
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    if (kept.text.length < maxReportBytes) kept.text += chunk;
  });
  // An error of this stream breaks the sync pipe too, where it is reported.
  stream.on('error', () => undefined);
  return kept;
}

/**
 * Message of a conmon that failed. It is killed first, with the OCI runtime that it runs, so that neither creates
 * anything more; the container has a session of its own and is found by its cgroup.
 */
async function failureMessage(output: { readonly text: string }, monitor: SpawnedProcess): Promise<string> {
  await endProcessGroup(monitor.pid);
  const message = readRuntimeMessage(output.text);
  return message === '' ? describeEnd(await monitor.ended) : message;
}

function describeEnd({ code, signal }: ProcessEnd): string {
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}

function failure(message: string, cause?: unknown): OutboardError {
  return new OutboardError('system', message, cause === undefined ? {} : { cause });
}
